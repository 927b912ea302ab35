import { FirstMessage } from '../../grpc/first-message.js';
import { MESSAGE_PREFIX_BYTES } from '../../grpc/message-boundary.js';
import { RpcError } from '../../grpc/rpc-error.js';
import { Status } from '../../grpc/status-code.js';
import type { HeaderList } from '../../http2/hpack/header-list.js';
import type { ReplyBinding } from '../routing/route.js';

/**
 * An answer whose first message binds a key (`nb_binding_methods`): held back until the message is whole and the key is
 * bound, so that a client which acts on the reply at once already finds its key at home.
 */
export class ReplyHold {
  headers: HeaderList | null = null;
  private readonly binding: ReplyBinding;
  private readonly routeName: string;
  private readonly message: FirstMessage;
  private whole: Buffer | null = null;

  constructor(binding: ReplyBinding, routeName: string, backendName: string, maxMessageBytes: number) {
    this.binding = binding;
    this.routeName = routeName;
    this.message = new FirstMessage(maxMessageBytes, `backend ${backendName}`);
  }

  /** Everything held of the body. */
  get kept(): Buffer {
    return this.whole ?? this.message.kept;
  }

  /** Takes the next range of the body. True once the key is bound; an error when it cannot be. */
  push(buf: Buffer, start: number, end: number): boolean | RpcError {
    const message = this.message.push(buf, start, end);
    if (message instanceof RpcError) return message;
    if (message === undefined) return false;
    if (message.compressed) {
      return new RpcError(Status.INTERNAL, `route ${this.routeName} reads a field of the reply, which came compressed`);
    }
    const error = this.binding.bind(message.buf.subarray(message.start + MESSAGE_PREFIX_BYTES, message.end));
    if (error !== undefined) return error;
    // A message that was whole at once has not been copied: it is passed on where it lies.
    if (this.message.bytes === 0) this.whole = buf.subarray(start, end);
    return true;
  }
}
