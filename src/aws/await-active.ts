import type { Clock } from '../core/clock.ts';
import { S3evtError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import type { Aws } from './clients.ts';

const CEILING_MS = 120_000;
const FIRST_WAIT_MS = 200;
const LAST_WAIT_MS = 2_000;

/**
 * Waits until a function can be invoked: state Active, last update not in progress.
 * https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html. Throws FUNCTION_NOT_ACTIVE when it failed or the
 * ceiling is reached.
 */
export async function awaitActive(
  name: string,
  env: { aws: Aws; clock: Clock; signal: AbortSignal; emit: (progress: Progress) => void },
): Promise<void> {
  const [lambda, { GetFunctionConfigurationCommand }] = await Promise.all([
    env.aws.lambda(),
    import('@aws-sdk/client-lambda'),
  ]);
  const task = {
    type: 'task',
    id: 'function-active',
    title: `Wait until function ${name} is Active`,
  } as const;
  const start = env.clock.now();
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 1.5, LAST_WAIT_MS)) {
    const configuration = await env.aws.call(
      (options) => lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }), options),
      { action: 'lambda:GetFunctionConfiguration', resource: name },
    );
    const { State, StateReason, LastUpdateStatus } = configuration;
    if ((State ?? 'Active') === 'Active' && LastUpdateStatus !== 'InProgress') {
      env.emit({ ...task, state: 'done' });
      return;
    }
    const elapsed = env.clock.now() - start;
    if (State === 'Failed' || elapsed + wait > CEILING_MS) {
      env.emit({ ...task, state: 'failed' });
      throw new S3evtError(
        'FUNCTION_NOT_ACTIVE',
        `function ${name} is ${State ?? 'not ready'}: ${StateReason ?? 'AWS gives no reason'}`,
        {
          hint: 'Look at it with "aws lambda get-function-configuration", then run the same command again.',
        },
      );
    }
    const detail = `it is ${State ?? 'being updated'}: ${Math.round(elapsed / 1_000)} s of at most ${CEILING_MS / 1_000} s`;
    env.emit({ ...task, state: 'waiting', detail });
    await env.clock.sleep(wait, env.signal);
  }
}
