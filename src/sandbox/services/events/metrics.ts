/** What EventBridge tells CloudWatch of a rule (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html). */
import { parseArn } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { DEFAULT_BUS, type Rule } from './store.ts';

type RuleMetric =
  | 'MatchedEvents'
  | 'TriggeredRules'
  | 'Invocations'
  | 'FailedInvocations'
  | 'InvocationsSentToDlq'
  | 'InvocationsFailedToBeSentToDlq';

/**
 * The name of the rule alone means the default bus; rules of other buses have its name beside theirs. None of them is ever
 * zero: a rule that matches nothing has no metrics. The sums over a bus or over all rules are not kept.
 */
export function countRule(env: Pick<SandboxEnv, 'region' | 'metrics'>, rule: Rule, name: RuleMetric): void {
  const region = parseArn(rule.arn)?.region ?? env.region;
  const isDefault = rule.busName === DEFAULT_BUS;
  const dimensions = { ...(!isDefault && { EventBusName: rule.busName }), RuleName: rule.name };
  env.metrics.add({ region, namespace: 'AWS/Events', name, dimensions }, 1);
}
