import { Status } from '../../../grpc/status-code.js';
import { ControlError } from '../control-error.js';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;

/** How many a page may hold; 0 asks for the default. */
export function pageSize(asked: number): number {
  return asked === 0 ? DEFAULT_PAGE : Math.min(asked, MAX_PAGE);
}

/**
 * Reads a page token, which is the numbers of the last thing on the page before.
 * @returns zeros for the first page
 * @throws ControlError INVALID_ARGUMENT for a token that no page gave
 */
export function parseToken(token: string, numbers: number): readonly number[] {
  if (token === '') return new Array<number>(numbers).fill(0);
  const parts = Buffer.from(token, 'base64url').toString('latin1').split('-');
  if (parts.length !== numbers || !parts.every((part) => /^\d{1,15}$/.test(part))) {
    throw new ControlError(Status.INVALID_ARGUMENT, 'page_token is not one that a page of this list gave');
  }
  return parts.map(Number);
}

/** @see parseToken */
export function makeToken(...numbers: readonly number[]): string {
  return Buffer.from(numbers.join('-')).toString('base64url');
}
