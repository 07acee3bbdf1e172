/**
 * Ends the servers of a test process that ended without stopping them: an assertion that threw, a crash, `kill -9`.
 *
 * A shell reads the pids of living servers from a pipe whose only writer is this process. However this process ends,
 * the pipe closes, and the shell kills what is left on its list. The shell holds nothing open here: it never keeps a
 * test process alive.
 */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

// Ctrl-C reaches the whole terminal group; the shell must outlive it to do its work.
const script = `
trap '' INT TERM HUP
pids=
while read -r change pid; do
  case $change in
    +) pids="$pids $pid" ;;
    -) left=; for p in $pids; do [ "$p" = "$pid" ] || left="$left $p"; done; pids=$left ;;
  esac
done
[ -z "$pids" ] || kill -9 $pids
`;

let list: Writable | undefined;

export function guard(pid: number): void {
  list ??= startShell();
  list.write(`+ ${pid}\n`);
}

export function unguard(pid: number): void {
  list?.write(`- ${pid}\n`);
}

function startShell(): Writable {
  const shell = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.unref();
  (shell.stdin as Socket).unref();
  // Without its watchdog a test still works; only a crash would leave servers behind.
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  return shell.stdin;
}
