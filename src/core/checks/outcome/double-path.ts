import { unqualifiedFunctionArn } from '../../arn.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Evidence, Finding, FixAction } from '../../doctor/finding.ts';
import { ask, call, edit, tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called } from '../../doctor/words.ts';
import { EVENT_NAMES, eventCovers } from '../../event-name.ts';
import { compileEventPattern, matchesEventPattern } from '../../event-pattern.ts';
import { sampleEvent } from '../../eventbridge-sample.ts';
import { keyIn } from '../../key-filter.ts';
import { matchRules } from '../../match.ts';
import { overlapOf } from '../../notification.ts';
import { nameOf } from '../../trace-destination.ts';
import { noteUnread, WAY_READS, waysOf, type Link, type Way } from './ways.ts';

/** Two ways by which the same event comes to the same function: it works on each object twice. */
export const doublePath: Check = {
  id: 'double-path',
  reads: [...WAY_READS, 'bucket.sample'],
  judge(look) {
    const byFunction = new Map<string, Way[]>();
    for (const way of waysOf(look)) {
      const name = unqualifiedFunctionArn(way.functionArn);
      byFunction.set(name, [...(byFunction.get(name) ?? []), way]);
    }
    return [...byFunction.values()].flatMap((ways) => {
      const pair = pairOf(look, ways);
      // What kept it from being certain.
      for (const way of pair ?? []) if (!way.open) noteUnread(look, way);
      return pair ? [findingFor(pair)] : [];
    });
  },
};

type Pair = readonly [kept: Way, dropped: Way];

/** The first two that share events, certain ones before others. */
function pairOf(look: Look, ways: readonly Way[]): Pair | undefined {
  const pairs = ways.flatMap((a, index) =>
    ways.slice(index + 1).flatMap((b): readonly Pair[] => {
      if (compete(a, b) || !shareEvents(look, a, b)) return [];
      return [a.links.length > b.links.length ? [b, a] : [a, b]];
    }),
  );
  return pairs.find(([a, b]) => a.open && b.open) ?? pairs[0];
}

/** Two readers of one queue share its messages: each is handed to one of them. */
function compete(a: Way, b: Way): boolean {
  const at = a.links.findIndex((link, index) => link.id !== b.links[index]?.id);
  const [x, y] = [a.links[at], b.links[at]];
  return at < 0 || (x?.kind === 'mapping' && y?.kind === 'mapping' && x.queueArn === y.queueArn);
}

function shareEvents(look: Look, a: Way, b: Way): boolean {
  const [x, y] = [a.links[0], b.links[0]];
  if (!x || !y) return false;
  if (x.id === y.id) return true;
  if (x.kind === 'rule' && y.kind === 'rule') return overlapOf(x.rule, y.rule) !== undefined;
  if (x.kind === 'target' && y.kind === 'target' && x.rule.arn === y.rule.arn) return true;
  const names = EVENT_NAMES.filter((name) => !name.endsWith('*'));
  return keysFor(look, [x, y]).some((key) =>
    names.some((name) => takes(look, x, key, name) && takes(look, y, key, name)),
  );
}

/** Enough to find what two patterns share, without looking at all that there is. */
const MOST_KEYS = 20;

function keysFor(look: Look, links: readonly Link[]): readonly string[] {
  const { key } = look.facts.question;
  if (key !== undefined) return [key];
  const made = links.flatMap((link) => (link.kind === 'rule' ? [keyIn(link.rule.filter, 'example')] : []));
  const listed = (valueOf(look.facts.bucket.sample)?.entries ?? []).map((entry) => entry.key);
  return [...new Set([...made, ...listed.slice(0, MOST_KEYS), 'example'])];
}

function takes(look: Look, link: Link, key: string, eventName: string): boolean {
  if (link.kind === 'rule') {
    return (
      link.rule.events.some((event) => eventCovers(event, eventName)) &&
      matchRules([link.rule], key, eventName).matches.length > 0
    );
  }
  if (link.kind !== 'target') return false;
  const compiled = compileEventPattern(link.rule.pattern ?? '');
  const [, , , , region = '', account = ''] = link.rule.arn.split(':').map((part, i) => (i < 3 ? '' : part));
  const event = sampleEvent({
    bucket: look.facts.bucket.name,
    key,
    eventName,
    account: valueOf(look.facts.bucket.owner) ?? account,
    region,
  });
  return compiled.ok && event !== undefined && matchesEventPattern(compiled.pattern, event);
}

function findingFor([kept, dropped]: Pair): Finding {
  const certain = kept.open && dropped.open;
  const ruleIds = [kept, dropped].flatMap(({ links }) =>
    links[0]?.kind === 'rule' ? [links[0].rule.id] : [],
  );
  const spare = dropped.links.findLast((link) => !kept.links.some(({ id }) => id === link.id));
  const action = spare && dropping(spare);
  const advice =
    'While you move from one way to the other, both may be meant; then the function has to bear each event twice.';
  return {
    id: 'double-path',
    verdict: certain ? 'broken' : 'suspected',
    severity: 'DUP',
    subject: called(kept.functionArn),
    node: kept.functionArn,
    ruleIds: [...new Set(ruleIds)],
    depth: kept.links.length - 1,
    message: `the same event reaches ${called(kept.functionArn)} by two ways (${describe(kept)}; and ${describe(dropped)}), so ${certain ? 'it works' : 'it may work'} on each object twice`,
    evidence: [kept, dropped].map((way): Evidence => ({
      call: way.links[0]?.kind === 'rule' ? 's3:GetBucketNotification' : 'events:ListTargetsByRule',
      field: 'way',
      value: describe(way),
    })),
    fix: action ? { ...ask(action), advice } : tell(`Take one of the two ways away. ${advice}`),
  };
}

function describe({ links }: Way): string {
  return links
    .map((link) => {
      switch (link.kind) {
        case 'rule':
          return `rule "${link.rule.id}"${link.rule.destination.kind === 'lambda' ? '' : ` to ${called(link.rule.destination.arn)}`}`;
        case 'target':
          return `event rule ${link.rule.name}${link.target.arn.includes(':lambda:') ? '' : ` to ${called(link.target.arn)}`}`;
        case 'subscription':
          return `subscription of ${called(link.subscription.endpoint)}`;
        case 'mapping':
          return `reading from queue ${nameOf(link.queueArn)}`;
      }
    })
    .join(', ');
}

function dropping(link: Link): FixAction | undefined {
  switch (link.kind) {
    case 'rule':
      // What else the topic or the queue behind it feeds would go without.
      return link.rule.destination.kind === 'lambda'
        ? edit({ kind: 'remove', ruleId: link.rule.id })
        : undefined;
    case 'target':
      return call('events', 'RemoveTargets', {
        Rule: link.rule.name,
        EventBusName: link.rule.bus,
        Ids: [link.target.id],
      });
    case 'subscription':
      return call('sns', 'Unsubscribe', { SubscriptionArn: link.subscription.arn });
    case 'mapping':
      return call('lambda', 'DeleteEventSourceMapping', { UUID: link.mapping.uuid });
  }
}
