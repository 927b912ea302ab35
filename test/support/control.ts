import { type Outcome, ServiceClient } from './client.js';
import { loadService, type Message } from './service.js';

/** A client of the control API, `afrouter.Configuration`. */
export class ControlClient {
  private readonly client: ServiceClient;

  constructor(port: number) {
    this.client = new ServiceClient(loadService('configuration.proto', 'afrouter.Configuration'), port);
  }

  setAffinity(request: Message): Promise<Message> {
    return this.answer('SetAffinity', request);
  }

  setConnection(request: Message): Promise<Message> {
    return this.answer('SetConnection', request);
  }

  async threads(): Promise<number> {
    return Number((await this.answer('GetGoroutineCount', {})).count);
  }

  private async answer(method: string, request: Message): Promise<Message> {
    const outcome: Outcome<Message> = await this.client.call(method, request);
    if (outcome.code !== 0) throw new Error(`${method}: status ${outcome.code}: ${outcome.details}`);
    return outcome.messages[0]!;
  }

  stop(): void {
    this.client.stop();
  }
}
