import type { Rule } from '../../notification.ts';
import type { Look } from '../../doctor/check.ts';
import type { Evidence } from '../../doctor/finding.ts';

/** Where the rule stands: in the bucket's configuration, or in the one that is to be put. */
export function documentEvidence({ rules }: Look, rule: Rule): Evidence {
  return {
    call: rules.includes(rule) ? 's3:GetBucketNotification' : 'intended configuration',
    field: 'ARN',
    value: rule.destination.arn,
  };
}
