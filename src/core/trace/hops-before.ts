/** The hops up to the function: the object, the rule, who may hand it on, and that it was handed on. */
import { admission } from '../doctor/admission.ts';
import type { EventRuleNode } from '../doctor/facts.ts';
import { gateOf } from '../doctor/gate.ts';
import { isAbsent, valueOf } from '../doctor/reading.ts';
import { liveRules, type Hop } from '../doctor/routes.ts';
import { called } from '../doctor/words.ts';
import { formatBytes } from '../duration.ts';
import { describeFilter } from '../notification.ts';
import type { HopState, TraceHop, TraceObject } from './model.ts';
import { isReading, type FittedPath } from './ways.ts';
import { findingsAbout, hop, idsOf, isUnread, judged, type View } from './view.ts';

export function objectHop(view: View, ruleId: string | null, isSeen: boolean): TraceHop {
  const { facts, write } = view;
  const { object } = write;
  const findings = findingsAbout(view, { edges: ['scope', 'object'], ruleId });
  if (object.state === 'unknown' && !isUnread(view, facts.object?.head))
    isUnread(view, facts.object?.versions);
  const state: HopState =
    object.state === 'missing' || object.state === 'unfinished'
      ? 'broken'
      : object.state === 'unknown'
        ? 'unknown'
        : 'ok';
  const told = { state, title: objectTitle(object), detail: objectDetail(object) };
  const broken = findings.filter(({ verdict }) => verdict === 'broken');
  return hop('object', isSeen || state === 'broken' ? told : judged(broken, told), {
    time: object.time,
    ids: {
      versionId: object.versionId ?? undefined,
      sequencer: object.sequencer ?? undefined,
      requestId: object.requestId ?? undefined,
    },
    findings: idsOf(findings),
  });
}

function objectTitle({ state }: TraceObject): string {
  switch (state) {
    case 'there':
      return 'the object is there';
    case 'deleted':
      return 'the object was deleted: a delete marker is its newest version';
    case 'gone':
      return 'the object is not there any more';
    case 'unfinished':
      return 'the upload was not completed';
    case 'missing':
      return 'there is no such object';
    case 'unknown':
      return 'the object could not be looked at';
  }
}

function objectDetail({
  size,
  parts,
  replica,
  storageClass,
  openUploads,
  near,
  state,
}: TraceObject): string | null {
  if (state === 'unfinished') return `a multipart upload was begun at ${openUploads[0]?.initiated ?? ''}`;
  if (near.length > 0) return `much like it: ${near.join(', ')}`;
  const details = [
    ...(size === null ? [] : [formatBytes(size)]),
    ...(parts === null ? [] : [`a multipart upload of ${parts === 1 ? 'one part' : `${parts} parts`}`]),
    ...(replica ? ['written by replication'] : []),
    ...(storageClass === null || storageClass === 'STANDARD' ? [] : [storageClass]),
  ];
  return details.length === 0 ? null : details.join(', ');
}

export function ruleHop(view: View, { fit, ruleId, steps }: FittedPath, isSeen: boolean): TraceHop {
  const rule = liveRules(view.facts).find(({ id }) => id === ruleId);
  const eventRule = steps[0]?.eventRule;
  const name = rule ? `rule ${rule.id}` : `event rule ${eventRule?.name ?? ''}`;
  const findings = [
    // What is about rules of the bucket says nothing of an event rule.
    ...findingsAbout(view, { edges: ['rule'], ruleId }).filter(
      ({ ruleIds = [] }) => rule !== undefined || ruleIds.length === 0,
    ),
    ...findingsAbout(view, { edges: ['running'], nodes: namesOf(eventRule), ruleId }).filter(({ id }) =>
      isOfRule(id),
    ),
  ];
  const shown = rule ? `${rule.events.join(', ')} ${describeFilter(rule.filter)}` : (eventRule?.bus ?? null);
  const isWritten = !['missing', 'unfinished'].includes(view.write.object.state);
  const title = `${name} ${isWritten ? 'takes' : 'would take'} it`;
  const takes = { state: 'ok', title, detail: shown } as const;
  const about = rule ? { configurationId: rule.id } : {};
  const more = { ids: about, findings: idsOf(findings) };
  if (isSeen || fit.kind === 'yes') return hop('rule', takes, more);
  if (fit.kind === 'maybe')
    return hop('rule', { state: 'unknown', title: `${name} may take it`, detail: fit.detail }, more);
  return hop('rule', { state: 'broken', title: `${name} does not take it`, detail: fit.detail }, more);
}

function isOfRule(id: string): boolean {
  return id === 'eb-rule-off-or-elsewhere' || id === 'eb-pattern-mismatch';
}

function namesOf(rule: EventRuleNode | undefined): readonly string[] {
  return rule ? [rule.arn, rule.name] : [];
}

const SENDERS = {
  's3.amazonaws.com': 'S3',
  'sns.amazonaws.com': 'SNS',
  'events.amazonaws.com': 'EventBridge',
} as const;

/** Undefined where nobody has to be admitted: Lambda fetches from queues with the rights of the function's role. */
export function permissionHop(
  view: View,
  step: Hop,
  ruleId: string | null,
  isSeen: boolean,
): TraceHop | undefined {
  const { sender, arn } = step;
  if (!sender || step.kind === 'event-rule') return undefined;
  const who = SENDERS[sender.service];
  const findings = findingsAbout(view, {
    edges: ['destination', 'permission', 'encryption'],
    nodes: [arn, ...keysOf(view, step)],
    ruleId,
  });
  const passed = {
    state: 'ok',
    title: `${who} may send to ${called(arn)}`,
    detail: 'the event came through',
  } as const;
  const told = isSeen
    ? passed
    : judged(findings, admissionOf(view, step, `${who} may send to ${called(arn)}`, who));
  const title = told.state === 'broken' ? `${who} cannot send to ${called(arn)}` : told.title;
  return hop('permission', { ...told, title }, { findings: idsOf(findings) });
}

function keysOf({ facts }: View, { arn, kind }: Hop): readonly string[] {
  const node = kind === 'sqs' ? facts.queues[arn] : kind === 'sns' ? facts.topics[arn] : undefined;
  const id = valueOf<{ readonly kmsKeyId?: string | undefined }>(node?.attributes)?.kmsKeyId;
  const key = id === undefined ? undefined : valueOf(facts.keys[id]?.key)?.arn;
  return [...(id === undefined ? [] : [id]), ...(key === undefined ? [] : [key])];
}

function admissionOf(view: View, step: Hop, title: string, who: string) {
  const unknown = (detail: string) => ({ state: 'unknown', title: `whether ${title}`, detail }) as const;
  const { arn, sender, kind, target } = step;
  if (!sender || kind === 'event-rule' || kind === 'other')
    return unknown('such targets are not looked into');
  if (target?.roleArn !== undefined) return unknown(`EventBridge uses the role ${target.roleArn}`);
  const gate = gateOf(view, step);
  if (isAbsent(kind === 'lambda' ? view.facts.functions[arn]?.configuration : gate?.reading))
    return { state: 'broken', title, detail: `${called(arn)} does not exist` } as const;
  if (isUnread(view, gate?.reading)) return unknown('its policy could not be read');
  if (!gate) return unknown('its policy was not read');
  const verdict = admission(gate.policy, gate.action, arn, sender);
  switch (verdict.kind) {
    case 'allowed':
      return { state: 'ok', title, detail: 'its policy admits it' } as const;
    case 'refused':
      return { state: 'broken', title, detail: `no statement of its policy admits ${who}` } as const;
    case 'denied':
      return {
        state: 'broken',
        title,
        detail: `a statement of its policy denies it${verdict.sid === undefined ? '' : `: ${verdict.sid}`}`,
      } as const;
    case 'undecided':
      return unknown(`it hangs on ${verdict.keys.join(', ')}`);
    case 'unreadable':
      return unknown('its policy could not be understood');
  }
}

/** What is handed to a queue or a topic, and by what it goes on from there. */
export function passageHop(
  view: View,
  step: Hop,
  before: Hop | undefined,
  ruleId: string | null,
  isSeen: boolean,
): TraceHop {
  const findings = passageFindings(view, step, before, ruleId);
  const title = passageTitle(step, before);
  if (isSeen) return hop('delivery', { state: 'ok', title, detail: null }, { findings: idsOf(findings) });
  return hop('delivery', judged(findings, { state: 'unknown', title, detail: waitingText(view, step) }), {
    findings: idsOf(findings),
  });
}

/** What the doctor says of the node before is about how the event leaves it. */
export function passageFindings(view: View, step: Hop, before: Hop | undefined, ruleId: string | null) {
  const nodes = before
    ? [before.arn, ...namesOf(before.eventRule), ...(before.mapping ? [before.mapping.uuid] : [])]
    : [];
  return [
    ...findingsAbout(view, { edges: ['running'], nodes, ruleId }),
    ...findingsAbout(view, {
      edges: ['running'],
      nodes: [step.mapping?.uuid, step.subscription?.arn].flatMap((one) => one ?? []),
      ruleId,
    }),
  ].filter(({ id }) => !isOfRule(id));
}

export function passageTitle({ arn, kind, mapping, subscription }: Hop, before: Hop | undefined): string {
  if (mapping && before) return `read from ${called(before.arn)} for ${called(arn)}`;
  if (subscription && before) return `sent by ${called(before.arn)} to ${called(arn)}`;
  return kind === 'lambda'
    ? `handed to ${called(arn)}`
    : kind === 'sns'
      ? `published to ${called(arn)}`
      : `sent to ${called(arn)}`;
}

/** Certain reasons why the passage is shut, by the facts. */
export function shutPassage({ mapping, subscription }: Hop): string | undefined {
  if (mapping && !isReading(mapping.state)) return `the event source mapping is ${mapping.state}`;
  return subscription && subscription.arn === undefined
    ? 'the subscription waits for its confirmation'
    : undefined;
}

/** Counts of a queue: a message that waits may be the event's, which only receiving it would tell. */
export function waitingText({ facts }: View, { arn, kind }: Hop): string | null {
  const attributes = kind === 'sqs' ? valueOf(facts.queues[arn]?.attributes) : undefined;
  if (!attributes) return null;
  const { waiting, inFlight } = attributes;
  if (waiting + inFlight === 0) return 'no message waits in it';
  return `${waiting} waiting and ${inFlight} in flight in ${called(arn)}: one of them may be this event`;
}
