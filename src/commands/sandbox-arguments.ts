import type { SandboxStartInput } from './sandbox.ts';

/** A background sandbox that nobody asks anything for so long ends by itself. */
export const BACKGROUND_IDLE_MS = 30 * 60_000;

/** The arguments after the program's own with which it runs the shared sandbox. */
export function backgroundArguments(
  input: Omit<SandboxStartInput, 'detach' | 'idleMs' | 'command'>,
  idleMinutes: number = BACKGROUND_IDLE_MS / 60_000,
): readonly string[] {
  return [
    'sandbox',
    'start',
    '--idle-minutes',
    String(idleMinutes),
    ...(input.port === undefined ? [] : ['--port', String(input.port)]),
    ...(input.region === undefined ? [] : ['--region', input.region]),
    ...(input.account === undefined ? [] : ['--account', input.account]),
    ...(input.faults ?? []).flatMap((spec) => ['--fault', spec]),
    ...(input.seed === undefined ? [] : ['--seed', String(input.seed)]),
    ...(input.eventVersion === undefined ? [] : ['--event-version', input.eventVersion]),
  ];
}
