/**
 * The credentials of the default connection: a user name from the options and a password from a file.
 *
 * In a cluster the file is a key of a mounted Secret, which the kubelet swaps as a whole folder. It is read again every few
 * seconds: watching a folder takes a handle of which a machine may have none left, and that must not end the process.
 */
import { readFileSync } from 'node:fs';
import type { Clock, Timer } from '../clock.ts';
import { BridgeError, messageOf } from '../errors.ts';

const PERIOD_MS = 2000;

export class PasswordFile {
  readonly #path: string;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /**
   * Without the line break at the end, which is no part of a password.
   *
   * @throws BridgeError INVALID_OPTION when it cannot be read or is empty.
   */
  read(): string {
    const option = `--nacos-password-file: '${this.#path}'`;
    let password: string;
    try {
      password = readFileSync(this.#path, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      throw new BridgeError('INVALID_OPTION', `${option} cannot be read: ${messageOf(error)}`, { cause: error });
    }
    if (password === '') throw new BridgeError('INVALID_OPTION', `${option} must not be empty`);
    return password;
  }

  /** Calls back when reading it has another outcome than before. */
  watch(onChange: () => void): void {
    let before = this.#outcome();
    const look = (): void => {
      this.#timer = this.#clock.after(PERIOD_MS, look);
      const outcome = this.#outcome();
      if (outcome === before) return;
      before = outcome;
      onChange();
    };
    this.#timer = this.#clock.after(PERIOD_MS, look);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #outcome(): string {
    try {
      return `password ${this.read()}`;
    } catch (error) {
      return messageOf(error);
    }
  }
}
