/** Where no log tells of an event: ends that nobody can look into, and queues for what failed. */
import type { QueueNode } from '../doctor/facts.ts';
import { valueOf } from '../doctor/reading.ts';
import type { Hop } from '../doctor/routes.ts';
import { called } from '../doctor/words.ts';
import { isFromQueue, type End } from './hops-after.ts';
import { passageFindings } from './hops-before.ts';
import type { TraceHop, TraceWay } from './model.ts';
import { hop, idsOf, isUnread, judged, type View } from './view.ts';

/** Where a way ends in something that no log tells of. */
export function blindEnd(view: View, { step, ruleId }: End, isReached: boolean): readonly TraceHop[] {
  const skipped = (['invocation', 'outcome', 'logs'] as const).map((what) =>
    hop(what, { state: 'skipped', title: 'no function at the end of this way', detail: null }),
  );
  const findings = passageFindings(view, { ...step, kind: 'other' }, step, ruleId);
  const told = blindText(view, step);
  const onward = hop('delivery', judged(findings, told), { findings: idsOf(findings) });
  return [isReached ? onward : { ...onward, state: 'skipped' }, ...skipped];
}

function blindText(view: View, { arn, kind, eventRule }: Hop) {
  const { facts } = view;
  const unknown = (title: string, detail: string | null) => ({ state: 'unknown', title, detail }) as const;
  switch (kind) {
    case 'sqs':
      if (isUnread(view, facts.queues[arn]?.mappings))
        return unknown(`read from ${called(arn)}`, 'who reads it could not be read');
      return unknown(
        `read from ${called(arn)}`,
        'no function reads it, and what others receive leaves no trace',
      );
    case 'sns': {
      isUnread(view, facts.topics[arn]?.subscriptions);
      const protocols = [
        ...new Set((valueOf(facts.topics[arn]?.subscriptions) ?? []).map(({ protocol }) => protocol)),
      ];
      const detail =
        protocols.length === 0
          ? 'it has no subscription that is known'
          : `it sends on to ${protocols.join(', ')}, where nobody can look`;
      return unknown(`sent on by ${called(arn)}`, detail);
    }
    case 'event-rule':
      if (eventRule?.targets.state === 'known') {
        return {
          state: 'broken',
          title: `sent on by event rule ${eventRule.name}`,
          detail: 'it has no target',
        } as const;
      }
      isUnread(view, eventRule?.targets);
      return unknown(`sent on by event rule ${eventRule?.name ?? arn}`, 'its targets could not be read');
    case 'lambda':
    case 'other':
      return unknown(`taken by ${called(arn)}`, 'such targets are not looked into');
  }
}

/** Where what fails on this path is put away. */
export function deadLettersOf({ facts }: View, steps: readonly Hop[]): TraceWay['deadLetters'] {
  const arns = steps.flatMap((step): readonly (string | undefined)[] => {
    const node = facts.functions[step.arn];
    const configuration = valueOf(node?.qualified) ?? valueOf(node?.configuration);
    return [
      step.target?.deadLetterArn,
      valueOf(step.subscription?.attributes)?.deadLetterArn,
      valueOf(facts.queues[step.arn]?.attributes)?.deadLetterArn,
      // What Lambda reads from queues goes back there: destinations of asynchronous events take none of it.
      ...(isFromQueue(step)
        ? []
        : [
            configuration?.deadLetterArn,
            ...(valueOf(node?.eventInvoke) ?? []).map(({ onFailure }) => onFailure),
          ]),
    ];
  });
  return [...new Set(arns.flatMap((arn) => arn ?? []))].flatMap((arn) => {
    const waiting = waitingIn(facts.queues[arn]);
    return waiting === 0 ? [] : [{ arn, waiting }];
  });
}

function waitingIn(queue: QueueNode | undefined): number | null {
  const attributes = valueOf(queue?.attributes);
  return attributes ? attributes.waiting + attributes.inFlight : null;
}
