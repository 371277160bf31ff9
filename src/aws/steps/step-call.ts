import { S3evtError } from '../../core/errors.ts';
import type { Step, StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';

/** Tells why a step waits, and how long it may. */
export function waiting(
  step: Step,
  env: ApplyEnvironment,
  ceilingMs: number,
): (why: string, elapsedMs: number) => void {
  return (why, elapsedMs) => {
    const detail = `${why}: ${Math.round(elapsedMs / 1_000)} s of at most ${ceilingMs / 1_000} s`;
    env.emit({ type: 'task', id: step.id, title: step.title, state: 'waiting', detail });
  };
}

/** `unless` names AWS's own error for "this is so already". */
export async function call<T>(
  env: ApplyEnvironment,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
  action: string,
  resource: string,
  unless?: string,
): Promise<StepOutcome> {
  try {
    await env.aws.call(send, { action, resource });
    return 'applied';
  } catch (error) {
    if (unless !== undefined && error instanceof S3evtError && error.aws?.name === unless) return 'unchanged';
    throw error;
  }
}
