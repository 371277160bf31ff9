import type { Clock } from '../core/clock.ts';
import type { PlannedWrite } from '../core/merge-rules.ts';
import type { NotificationDocument } from '../core/notification.ts';
import type { Plan, Step, StepOutcome } from '../core/plan.ts';
import type { Progress } from '../core/progress.ts';
import type { Aws } from './clients.ts';
import { awaitActive } from './await-active.ts';
import { execute, look } from './steps/execute.ts';

export interface ApplyEnvironment {
  readonly aws: Aws;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly emit: (progress: Progress) => void;
  readonly account: string;
  /** Called with the document that a put is about to replace, and with the new one. */
  readonly saveBackup: (bucket: string, before: NotificationDocument, after: NotificationDocument) => void;
  /** Waits for the turn to write to the bucket. Without it, no other process of this machine is reckoned with. */
  readonly takeTurn?: (bucket: string) => Promise<WriteTurn>;
  /**
   * What a planned write is to leave when another writer left `fresh` meanwhile. Pure; throws CONFIGURATION_CHANGED when nothing may be
   * written. Without it, any change of the document in between is refused.
   */
  readonly mergeAgain?: (fresh: NotificationDocument, planned: PlannedWrite) => NotificationDocument;
}

/** Between two processes of one machine the race of look and put can be closed: one writes after the other. */
export interface WriteTurn {
  /** Whether another one wrote since that moment (epoch ms of the clock): then what was looked at may be stale. */
  othersWroteSince(time: number): boolean;
  release(): void;
}

export interface Applied {
  readonly outcomes: ReadonlyMap<string, StepOutcome>;
  /** The first failure; steps that depend on it were not begun, and stay `planned`. */
  readonly error: Error | undefined;
  /** By step: why each failed one did. */
  readonly failures: ReadonlyMap<string, unknown>;
}

/**
 * Runs a plan: each step as soon as those before it are done, independent ones together. Never throws: what was done
 * must be told even when something failed. After a failure or an abort no new step begins; running ones are awaited.
 */
export async function applyPlan(plan: Plan, env: ApplyEnvironment): Promise<Applied> {
  const begun = env.clock.now();
  const outcomes = new Map<string, StepOutcome>();
  const failures = new Map<string, unknown>();
  const running = new Map<string, Promise<boolean>>();
  const alongside: Promise<void>[] = [];
  let error: Error | undefined;

  const settled = async (ids: readonly string[]): Promise<boolean> => {
    const results = await Promise.all(ids.map((id) => running.get(id) ?? Promise.resolve(true)));
    return results.every(Boolean) && error === undefined && !env.signal.aborted;
  };

  const run = async (step: Step): Promise<boolean> => {
    if (step.change === 'none') {
      if (!(await settled(step.after))) return false;
      outcomes.set(step.id, 'unchanged');
      env.emit({ type: 'task', id: step.id, title: step.title, state: 'unchanged' });
      return true;
    }
    const looked = settled(step.lookAfter ?? step.after).then((ready) => ready && look(step.action, env));
    // The look may fail while other steps are still awaited: its failure is taken up below, not lost.
    looked.catch(() => undefined);
    if (!(await settled(step.after))) return false;
    env.emit({ type: 'task', id: step.id, title: step.title, state: 'running' });
    try {
      const outcome = await execute(step, env, { begun, isStale: await looked });
      outcomes.set(step.id, outcome);
      // Granting the permission and writing the rule need no Active function, so that wait runs beside them.
      if (step.action.kind === 'create-function') {
        const active = awaitActive(step.action.name, env);
        alongside.push(active.catch((cause: unknown) => void (error ??= errorOf(cause))));
      }
      env.emit({
        type: 'task',
        id: step.id,
        title: step.title,
        state: outcome === 'applied' ? 'done' : 'unchanged',
      });
      return true;
    } catch (cause) {
      error ??= errorOf(cause);
      // After an abort too: the request that was cut off may have been carried out all the same.
      outcomes.set(step.id, 'failed');
      failures.set(step.id, cause);
      env.emit({ type: 'task', id: step.id, title: step.title, state: 'failed' });
      return false;
    }
  };

  // Steps stand in the plan after those they depend on, so every promise that one awaits exists already.
  for (const step of plan.steps) running.set(step.id, run(step));
  await Promise.all(running.values());
  await Promise.all(alongside);
  if (error === undefined && env.signal.aborted) error = errorOf(env.signal.reason);
  return { outcomes, error, failures };
}

function errorOf(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
