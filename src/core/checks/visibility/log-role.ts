/** Whether the execution role may write the log. */
import type { Look } from '../../doctor/check.ts';
import type { Simulation } from '../../doctor/facts.ts';
import { isAbsent, type Reading } from '../../doctor/reading.ts';
import { roleOf } from '../outcome/role.ts';
import type { Reached } from '../outcome/runs.ts';

/** What IAM denies of what writing needs; undefined when IAM could not be asked. `denied` is empty when all is well. */
export function logDenials(
  look: Look,
  reached: Reached,
):
  { readonly denied: readonly Simulation[]; readonly simulated: Reading<readonly Simulation[]> } | undefined {
  const simulated = roleOf(look, reached)?.simulated;
  const all = look.value(simulated);
  const { log } = reached.node;
  if (!simulated || !all || !log) return undefined;
  // In a group that is there nothing has to be created but the stream.
  const needed = [
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    ...(isAbsent(log.group) ? ['logs:CreateLogGroup'] : []),
  ];
  const denied = needed.flatMap((action) => {
    const about = all.filter(
      (one) =>
        one.action === action && (one.resource === '*' || one.resource.includes(`:log-group:${log.name}`)),
    );
    const refused = about.find(({ decision }) => decision !== 'allowed');
    return refused && about.every(({ decision }) => decision !== 'allowed') ? [refused] : [];
  });
  return { denied, simulated };
}
