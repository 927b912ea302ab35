import type { Status } from '../../grpc/status-code.js';

/** Why the control API does not do what it was asked; the caller gets the status and the message. */
export class ControlError extends Error {
  readonly code: Status;

  /** @param message names what is unknown or in the way */
  constructor(code: Status, message: string) {
    super(message);
    this.code = code;
  }
}
