import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { changeRule } from '../rule/change.ts';
import { calledAll } from '../rule/text.ts';
import { bridgeTakes, passes, takes, WAY_FACTS } from '../rule/ways.ts';

const COMPLETED = 's3:ObjectRestore:Completed';
const STARTED = 's3:ObjectRestore:Post';

/**
 * A restore sends events of its own, and no ObjectCreated. The header stays as long as the copy does: that the question is about the
 * restore is certain only when somebody says so, and likely when the object itself was written before the time that is looked at.
 */
export const restoreExpectation: Check = {
  id: 'restore-expectation',
  reads: [...WAY_FACTS, 'object.head'],
  judge(look) {
    const { bucket, object, question } = look.facts;
    if (!object) return [];
    const { operation } = question;
    if (operation !== undefined && operation !== 'restore') return [];
    const document = look.value(bucket.notification);
    const head = look.value(object.head);
    const restore = head?.restore;
    if (!document || (restore === undefined && operation === undefined)) return [];
    const rules = look.rules.filter((rule) => passes(rule, object.key));
    const [first] = rules;
    if (!first) return [];
    const isRunning = restore?.includes('ongoing-request="true"') === true;
    const name = cut(object.key);
    const about = {
      id: 'restore-expectation',
      severity: 'SCOPE',
      subject: `object ${name}`,
      ruleIds: rules.map(({ id }) => id),
      evidence: [
        ...(restore === undefined ? [] : [evidence(object.head, 'Restore', cut(restore))]),
        evidence(bucket.notification, 'Events', cut(rules.flatMap(({ events }) => events).join(', '))),
      ],
    } as const;
    const has = (event: string) =>
      rules.some((rule) => takes(rule, event)) || bridgeTakes(look, event, object.key) === 'yes';
    if (has(COMPLETED)) {
      if (!isRunning) return [];
      const message = `the restore of "${name}" is under way: ${COMPLETED} is sent when it is done, after minutes or hours`;
      return [{ ...about, verdict: 'risk', message, fix: tell('Wait for the restore to end.') }];
    }
    if (has(STARTED)) return [];
    const isUnknown = [COMPLETED, STARTED].some(
      (event) => bridgeTakes(look, event, object.key) === 'unknown',
    );
    const isAsked = operation === 'restore';
    const isOld = head !== undefined && head.modified < question.since;
    return [
      {
        ...about,
        verdict: isAsked && !isUnknown ? 'broken' : isAsked || (isOld && !isUnknown) ? 'suspected' : 'risk',
        message: `the restore of "${name}" sends s3:ObjectRestore events, which ${calledAll(rules)} ${rules.length === 1 ? 'does' : 'do'} not take`,
        fix: changeRule(document, first, [{ events: [...first.events, COMPLETED] }], {
          bucket: bucket.name,
          advice: `${COMPLETED} is sent when the object can be read, s3:ObjectRestore:Post when the restore begins.`,
        }),
      },
    ];
  },
};
