import { keyPasses } from '../../key-filter.ts';
import type { Rule } from '../../notification.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Finding } from '../../doctor/finding.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { missedEvents } from './missed-events.ts';
import { calledAll, verb } from './text.ts';
import {
  bridgeTakes,
  isTaken,
  isTakenElsewhere,
  listsFamily,
  passes,
  reachesExpected,
  takes,
  WAY_FACTS,
} from './ways.ts';

const ID = 'event-type-multipart';
const EVENT = 's3:ObjectCreated:CompleteMultipartUpload';
const LOST = [EVENT] as const;

/**
 * Uploads in parts send CompleteMultipartUpload, and the rule takes other creations only. Certain for a key that was uploaded so. Other
 * objects of the bucket that were (`-N` in the ETag) and that the rule's filter lets through make it likely, not more: they may be older
 * than the rule, or never have been meant to be told. A rule for Put alone, of a bucket without such objects, is a risk.
 *
 * No `node`: events of small objects that were seen to arrive say nothing against it.
 */
export const eventTypeMultipart: Check = {
  id: ID,
  reads: [...WAY_FACTS, 'object.head', 'bucket.sample'],
  judge(look) {
    look.value(look.facts.bucket.notification);
    if (!reachesExpected(look)) return [];
    const partial = look.rules.filter((rule) => listsFamily(rule, 'ObjectCreated') && !takes(rule, EVENT));
    if (partial.length === 0) return [];
    const { key } = look.facts.question;
    return key === undefined ? partial.flatMap((rule) => ofRule(look, rule)) : ofKey(look, key, partial);
  },
};

function ofKey(look: Look, key: string, partial: readonly Rule[]): readonly Finding[] {
  const { object, question } = look.facts;
  const claimed = question.operation;
  const head = claimed === undefined ? look.value(object?.head) : undefined;
  // What event a replica's creation sends is not documented.
  const isInParts = head !== undefined && /-\d+$/.test(head.eTag) && head.replicationStatus !== 'REPLICA';
  if (claimed === undefined ? !isInParts : claimed !== 'multipart') return [];
  const rules = partial.filter((rule) => passes(rule, key));
  if (rules.length === 0 || look.rules.some((rule) => takes(rule, EVENT) && passes(rule, key))) return [];
  const bridge = bridgeTakes(look, EVENT, key);
  if (bridge === 'yes') return [];
  const message = `"${cut(key)}" was uploaded in parts, which sends ${EVENT}, and ${calledAll(rules)} ${verb(rules, 'does', 'do')} not take that`;
  const proof = head
    ? evidence(object?.head, 'ETag', cut(head.eTag))
    : { call: 'none', field: 'operation', value: 'multipart' };
  const verdict = bridge === 'no' ? 'broken' : 'suspected';
  return [missedEvents(look, { id: ID, rules, verdict, lost: LOST, message, proof: [proof] })];
}

function ofRule(look: Look, rule: Rule): readonly Finding[] {
  if (!takes(rule, 's3:ObjectCreated:Put') || isTakenElsewhere(look, rule, EVENT)) return [];
  const { bucket } = look.facts;
  const hit = (look.value(bucket.sample)?.entries ?? []).find(
    ({ key, eTag, deleteMarker }) =>
      !deleteMarker && /-\d+$/.test(eTag ?? '') && keyPasses(rule.filter, key) && !isTaken(look, EVENT, key),
  );
  const about = { id: ID, rules: [rule], lost: LOST } as const;
  if (!hit) {
    const message = `${calledAll([rule])} does not take uploads in parts, as the AWS CLI and SDKs make them of files above some 8 MB`;
    return [missedEvents(look, { ...about, verdict: 'risk', message })];
  }
  const message = `${calledAll([rule])} does not take uploads in parts, and such objects are there: "${cut(hit.key)}"`;
  const proof = [evidence(bucket.sample, 'ETag', cut(hit.eTag ?? ''))];
  return [missedEvents(look, { ...about, verdict: 'suspected', message, proof })];
}
