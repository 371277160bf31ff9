import type { Rule } from '@aws-sdk/client-eventbridge';
import { known, valueOf, type EventRuleFacts, type Fact } from '../core/facts.ts';
import type { Aws } from './clients.ts';
import { fact } from './read-facts.ts';

/**
 * A rule of the default bus by name, with tags and targets. Two round trips, since tags are read by the rule's ARN; one where
 * `likelyArn` is that ARN.
 */
export async function readEventRule(
  aws: Aws,
  name: string,
  likelyArn?: string,
): Promise<Fact<EventRuleFacts>> {
  const [rule, targets, early] = await Promise.all([
    describeRule(aws, name),
    readTargets(aws, name),
    likelyArn === undefined ? undefined : readTags(aws, likelyArn),
  ]);
  if (rule.state !== 'known') return rule;
  if (targets.state === 'denied' || targets.state === 'failed') return targets;
  const { Arn = '', EventPattern, State, Description, RoleArn } = rule.value;
  const tags = early !== undefined && likelyArn === Arn ? early : await readTags(aws, Arn);
  if (tags.state === 'denied' || tags.state === 'failed') return tags;
  return known({
    name,
    pattern: EventPattern,
    state: State,
    description: Description,
    roleArn: RoleArn,
    tags: valueOf(tags) ?? {},
    targets: valueOf(targets) ?? [],
  });
}

async function describeRule(aws: Aws, name: string): Promise<Fact<Rule>> {
  const action = 'events:DescribeRule';
  return fact(action, async () => {
    const [events, { DescribeRuleCommand }] = await Promise.all([
      aws.events(),
      import('@aws-sdk/client-eventbridge'),
    ]);
    const command = new DescribeRuleCommand({ Name: name });
    return aws.call((options) => events.send(command, options), { action, resource: name });
  });
}

/** A rule has five targets at most, unless AWS raised that: one page. */
async function readTargets(aws: Aws, rule: string): Promise<Fact<EventRuleFacts['targets']>> {
  const action = 'events:ListTargetsByRule';
  return fact(action, async () => {
    const [events, { ListTargetsByRuleCommand }] = await Promise.all([
      aws.events(),
      import('@aws-sdk/client-eventbridge'),
    ]);
    const command = new ListTargetsByRuleCommand({ Rule: rule });
    const { Targets = [] } = await aws.call((options) => events.send(command, options), {
      action,
      resource: rule,
    });
    return Targets.map(({ Id = '', Arn = '' }) => ({ id: Id, arn: Arn }));
  });
}

async function readTags(aws: Aws, arn: string): Promise<Fact<Readonly<Record<string, string>>>> {
  const action = 'events:ListTagsForResource';
  return fact(action, async () => {
    const [events, { ListTagsForResourceCommand }] = await Promise.all([
      aws.events(),
      import('@aws-sdk/client-eventbridge'),
    ]);
    const command = new ListTagsForResourceCommand({ ResourceARN: arn });
    const { Tags = [] } = await aws.call((options) => events.send(command, options), {
      action,
      resource: arn,
    });
    return Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
  });
}

/** Name and pattern (JSON text) of every rule of the default bus. */
export async function readEventRules(
  aws: Aws,
): Promise<Fact<readonly { readonly name: string; readonly pattern: string | undefined }[]>> {
  const action = 'events:ListRules';
  return fact(action, async () => {
    const [events, { ListRulesCommand }] = await Promise.all([
      aws.events(),
      import('@aws-sdk/client-eventbridge'),
    ]);
    const rules: { name: string; pattern: string | undefined }[] = [];
    let token: string | undefined;
    do {
      const command = new ListRulesCommand(token === undefined ? {} : { NextToken: token });
      const page = await aws.call((options) => events.send(command, options), { action });
      rules.push(
        ...(page.Rules ?? []).map(({ Name = '', EventPattern: pattern }) => ({ name: Name, pattern })),
      );
      token = page.NextToken;
    } while (token !== undefined);
    return rules;
  });
}
