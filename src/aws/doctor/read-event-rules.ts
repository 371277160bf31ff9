/** Reads of EventBridge: rules that have to do with S3, on the default bus and on others, and their targets. */
import type { EventRuleNode, TargetNode } from '../../core/doctor/facts.ts';
import { read, type Reading } from '../../core/doctor/reading.ts';
import { optional, pages } from '../pages.ts';
import type { Reader } from './reader.ts';

/** Custom buses that are looked at, and rules whose targets are read: more than people have, less than would take long. */
const MOST_BUSES = 5;
const MOST_RULES = 20;

const load = ({ aws }: Reader) => Promise.all([aws.events(), import('@aws-sdk/client-eventbridge')]);

/** Rules without their targets: one round trip, two where there are other buses. */
export async function readEventRules(
  reader: Reader,
  bucket: string,
): Promise<{
  readonly rules: Reading<readonly Omit<EventRuleNode, 'targets'>[]>;
  readonly buses: Reading<readonly string[]>;
}> {
  const [standard, buses] = await Promise.all([listRules(reader, 'default'), listBuses(reader)]);
  if (standard.state !== 'known') return { rules: standard, buses };
  const names =
    buses.state === 'known' ? buses.value.filter((name) => name !== 'default').slice(0, MOST_BUSES) : [];
  const others = await Promise.all(names.map((name) => listRules(reader, name)));
  const all = [standard, ...others].flatMap((one) => (one.state === 'known' ? one.value : []));
  const concerned = all.filter(({ pattern }) => mayConcern(pattern, bucket)).slice(0, MOST_RULES);
  let seen = buses;
  for (const one of others) if (one.state === 'denied' || one.state === 'failed') seen = one;
  return { rules: read(standard.call, concerned), buses: seen };
}

/**
 * S3's own events, its calls as CloudTrail reports them, whatever names the bucket, and what takes every event of an account, as rules
 * that forward to another bus do.
 */
function mayConcern(pattern: string | undefined, bucket: string): boolean {
  if (pattern === undefined) return false;
  return (
    /aws[.:]s3|s3\.amazonaws\.com/i.test(pattern) ||
    pattern.includes(JSON.stringify(bucket)) ||
    !pattern.includes('"source"')
  );
}

function listBuses(reader: Reader): Promise<Reading<readonly string[]>> {
  const action = 'events:ListEventBuses';
  return reader.read(action, 'buses', async () => {
    const [events, { ListEventBusesCommand }] = await load(reader);
    const page = await reader.aws.call((options) => events.send(new ListEventBusesCommand({}), options), {
      action,
    });
    return (page.EventBuses ?? []).map(({ Name = '' }) => Name);
  });
}

function listRules(reader: Reader, bus: string): Promise<Reading<readonly Omit<EventRuleNode, 'targets'>[]>> {
  const action = 'events:ListRules';
  return reader.read(action, bus, async () => {
    const [events, { ListRulesCommand }] = await load(reader);
    const found = await pages(async (NextToken) => {
      const command = new ListRulesCommand({ EventBusName: bus, ...optional({ NextToken }) });
      const page = await reader.aws.call((options) => events.send(command, options), {
        action,
        resource: bus,
      });
      return { items: page.Rules ?? [], next: page.NextToken };
    });
    return found.map((rule) => ({
      name: rule.Name ?? '',
      arn: rule.Arn ?? '',
      bus: rule.EventBusName ?? bus,
      pattern: rule.EventPattern,
      state: rule.State ?? 'ENABLED',
      roleArn: rule.RoleArn,
    }));
  });
}

export async function readTargets(
  reader: Reader,
  { name, bus }: Pick<EventRuleNode, 'name' | 'bus'>,
): Promise<EventRuleNode['targets']> {
  const action = 'events:ListTargetsByRule';
  return reader.read(action, name, async () => {
    const [events, { ListTargetsByRuleCommand }] = await load(reader);
    // A rule has five targets, unless AWS raised that: one page holds 100.
    const command = new ListTargetsByRuleCommand({ Rule: name, EventBusName: bus });
    const page = await reader.aws.call((options) => events.send(command, options), {
      action,
      resource: name,
    });
    return (page.Targets ?? []).map((one): TargetNode => ({
      id: one.Id ?? '',
      arn: one.Arn ?? '',
      roleArn: one.RoleArn,
      rewritten: (one.Input ?? one.InputPath ?? one.InputTransformer) !== undefined,
      deadLetterArn: one.DeadLetterConfig?.Arn,
      retries: one.RetryPolicy?.MaximumRetryAttempts,
      maximumAgeSeconds: one.RetryPolicy?.MaximumEventAgeInSeconds,
      messageGroupId: one.SqsParameters?.MessageGroupId,
    }));
  });
}
