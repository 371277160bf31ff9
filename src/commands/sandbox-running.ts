import { S3evtError } from '../core/errors.ts';
import { findSandbox, type RunningSandbox } from '../sandbox/background.ts';
import type { Context } from './context.ts';

/** The shared sandbox. @throws S3evtError NOT_FOUND when none runs. */
export async function requireSandbox(ctx: Pick<Context, 'env'>): Promise<RunningSandbox> {
  const running = await findSandbox(ctx.env);
  if (running) return running;
  throw notRunning();
}

export function notRunning(): S3evtError {
  return new S3evtError('NOT_FOUND', 'no sandbox is running', {
    hint: 'Start one in the background.',
    commands: ['s3evt sandbox start --detach'],
  });
}
