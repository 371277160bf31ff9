import { didYouMean } from '../core/did-you-mean.ts';
import { S3evtError } from '../core/errors.ts';
import { parseFault } from './fault-spec.ts';
import type { FaultRule } from './fault-rules.ts';
import { operationsOf } from './sdk-clients.ts';

/**
 * The rules of what was typed. An operation that its service does not have is an error too: the fault would never strike.
 *
 * @throws S3evtError USAGE
 */
export async function readFaults(specs: readonly string[]): Promise<readonly FaultRule[]> {
  return Promise.all(
    specs.map(async (spec) => {
      const parsed = parseFault(spec);
      if (!parsed.ok) throw mistake(spec, parsed.problem, parsed.hint);
      await checkOperation(spec, parsed.rule);
      return parsed.rule;
    }),
  );
}

async function checkOperation(spec: string, rule: FaultRule): Promise<void> {
  if (!('match' in rule) || !('service' in rule.match) || !('operation' in rule.match)) return;
  const { service, operation } = rule.match;
  const known = (await operationsOf(service)) ?? [];
  if (known.includes(operation)) return;
  const near = didYouMean(operation, known);
  const problem = `${service} has no operation "${operation}"${near === undefined ? '' : `; did you mean ${near}?`}`;
  throw mistake(spec, problem, 'Operations are named as in the SDK: s3.PutObject, lambda.Invoke.');
}

function mistake(spec: string, problem: string, hint: string): S3evtError {
  return new S3evtError('USAGE', `fault "${spec}": ${problem}`, { hint });
}
