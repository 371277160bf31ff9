import { hasEventBridge, rulesOf } from '../../notification.ts';
import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { evidence } from '../../doctor/words.ts';

/** Nothing is configured: S3 sends nothing, whatever is uploaded. */
export const noNotificationConfig: Check = {
  id: 'no-notification-config',
  reads: ['bucket.notification', 'bucket.name'],
  judge(look) {
    const { bucket } = look.facts;
    const document = look.value(bucket.notification);
    if (!document || rulesOf(document).length > 0 || hasEventBridge(document)) return [];
    return [
      {
        id: 'no-notification-config',
        verdict: 'broken',
        severity: 'BREAK',
        subject: `bucket ${bucket.name}`,
        message: `bucket ${bucket.name} has no notification configuration, so S3 tells nobody about its objects`,
        evidence: [
          evidence(bucket.notification, 'rules', '0'),
          evidence(bucket.notification, 'EventBridgeConfiguration', 'absent'),
        ],
        fix: tell('Say which events should go where: "s3evt init" sets it up step by step.', [
          's3evt',
          'init',
          bucket.name,
        ]),
      },
    ];
  },
};
