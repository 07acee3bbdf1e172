/**
 * The credentials of the default connection: a user name from the options and a password from a file.
 *
 * In a cluster the file is a key of a mounted Secret, which the kubelet swaps as a whole folder: so the folder is
 * watched, and what the file holds is read again whenever something happens there.
 */
import { readFileSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../clock.ts';
import { BridgeError, messageOf } from '../errors.ts';

/** A swap is several file events; the password is read when they are over. */
const SETTLE_MS = 200;

export class PasswordFile {
  readonly #path: string;
  readonly #clock: Clock;
  #watcher: FSWatcher | undefined;
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

  /** Calls back after the file may have changed. */
  watch(onChange: () => void): void {
    this.#watcher = watch(dirname(this.#path), { persistent: false }, () => {
      this.#timer?.cancel();
      this.#timer = this.#clock.after(SETTLE_MS, onChange);
    });
  }

  stop(): void {
    this.#watcher?.close();
    this.#timer?.cancel();
  }
}
