import type { ChannelCredentials } from '@grpc/grpc-js';
import { type CallSettings, type OpenCall, type Outcome, ServiceClient } from './client.js';
import { loadService, type Message } from './service.js';

/** A client of the control API: `afrouter.Configuration` by name, `afrouter.v1.Control` by `ask`, `outcome` and `open`. */
export class ControlClient {
  private readonly configuration: ServiceClient;
  private readonly control: ServiceClient;

  /** @param secured with TLS the router must have a certificate for `localhost` */
  constructor(port: number, secured?: ChannelCredentials) {
    this.configuration = new ServiceClient(loadService('configuration.proto', 'afrouter.Configuration'), port, secured);
    this.control = new ServiceClient(loadService('control.proto', 'afrouter.v1.Control'), port, secured);
  }

  setAffinity(request: Message): Promise<Message> {
    return answer(this.configuration, 'SetAffinity', request);
  }

  setConnection(request: Message): Promise<Message> {
    return answer(this.configuration, 'SetConnection', request);
  }

  async threads(): Promise<number> {
    return Number((await answer(this.configuration, 'GetGoroutineCount', {})).count);
  }

  /** The answer of a call of `afrouter.v1.Control` that succeeds. `Res` is what the test looks at of it. */
  async ask<Res = Message>(method: string, request: Message = {}): Promise<Res> {
    return (await answer(this.control, method, request)) as Res;
  }

  outcome(method: string, request: Message = {}, settings?: CallSettings): Promise<Outcome<Message>> {
    return this.control.call(method, request, settings);
  }

  open(method: string, settings?: CallSettings): OpenCall<Message, Message> {
    return this.control.open(method, settings);
  }

  stop(): void {
    this.configuration.stop();
    this.control.stop();
  }
}

async function answer(client: ServiceClient, method: string, request: Message): Promise<Message> {
  const outcome: Outcome<Message> = await client.call(method, request);
  if (outcome.code !== 0) throw new Error(`${method}: status ${outcome.code}: ${outcome.details}`);
  return outcome.messages[0]!;
}
