import type { Rule } from '../../notification.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Finding } from '../../doctor/finding.ts';
import { cut } from '../../doctor/words.ts';
import { recordsOfKey } from '../object/seen.ts';
import { missedEvents } from './missed-events.ts';
import { calledAll, verb } from './text.ts';
import {
  bridgeTakes,
  isTakenElsewhere,
  listsFamily,
  passes,
  reachesExpected,
  takes,
  WAY_FACTS,
} from './ways.ts';

const ID = 'event-type-copy-or-post';
const COPY = 's3:ObjectCreated:Copy';
const POST = 's3:ObjectCreated:Post';

/** What people call it. */
const WHAT: Readonly<Record<string, string>> = {
  [COPY]: 'copied into place (as renames and moves are)',
  [POST]: 'uploaded by a form of a web page',
};

/**
 * Copies (renames and moves too) and forms send events of their own kind. An object does not tell how it came, so this is certain only
 * when somebody says so, or an event of it by another way does. A presigned PUT is a Put. No `node`: other uploads prove nothing.
 */
export const eventTypeCopyOrPost: Check = {
  id: ID,
  reads: [...WAY_FACTS, 'functions.log'],
  judge(look) {
    look.value(look.facts.bucket.notification);
    if (!reachesExpected(look)) return [];
    const { key } = look.facts.question;
    const rules = look.rules.filter((rule) => listsFamily(rule, 'ObjectCreated'));
    if (key !== undefined) return ofKey(look, key, rules);
    return rules.flatMap((rule) => {
      if (!takes(rule, 's3:ObjectCreated:Put')) return [];
      const lost = [COPY, POST].filter(
        (event) => !takes(rule, event) && !isTakenElsewhere(look, rule, event),
      );
      if (lost.length === 0) return [];
      const what = lost.map((event) => WHAT[event]).join(', nor those that were ');
      const message = `${calledAll([rule])} does not take objects that were ${what}`;
      return [missedEvents(look, { id: ID, rules: [rule], verdict: 'risk', lost, message })];
    });
  },
};

function ofKey(look: Look, key: string, rules: readonly Rule[]): readonly Finding[] {
  const { expected, operation, ruleId } = look.facts.question;
  const claimed = operation === 'copy' ? COPY : operation === 'post' ? POST : undefined;
  if (operation !== undefined && claimed === undefined) return [];
  // What somebody else got is a fault only for one who should have got it.
  const isWanted = expected !== undefined || ruleId !== undefined;
  const seen = isWanted
    ? recordsOfKey(look.facts, key).find(({ eventName }) => [COPY, POST].includes(`s3:${eventName}`))
    : undefined;
  const event = claimed ?? (seen === undefined ? undefined : `s3:${seen.eventName}`);
  const passing = rules.filter((rule) => passes(rule, key));
  if (event === undefined || passing.length === 0 || passing.some((rule) => takes(rule, event))) return [];
  const bridge = bridgeTakes(look, event, key);
  if (bridge === 'yes') return [];
  return [
    missedEvents(look, {
      id: ID,
      rules: passing,
      verdict: bridge === 'no' ? 'broken' : 'suspected',
      lost: [event],
      message: `"${cut(key)}" was ${WHAT[event] ?? ''}, which sends ${event}, and ${calledAll(passing)} ${verb(passing, 'does', 'do')} not take that`,
      proof: [
        claimed === undefined
          ? { call: 'log', field: 'eventName', value: event }
          : { call: 'none', field: 'operation', value: operation ?? '' },
      ],
    }),
  ];
}
