import { parseArn } from './arn.ts';
import { planDeadLetter } from './destroy-dead-letter.ts';
import { eventRuleNeeding, planEventRule, withoutOurEventBridge } from './destroy-eventbridge.ts';
import { madeTitle, type Keep, type MadeFact } from './made-fact.ts';
import { defaultLogGroup, roleNameFor, statementIdFor } from './names.ts';
import { diffDocuments, rulesOf, withoutRule, type NotificationDocument, type Rule } from './notification.ts';
import type { Plan, Step } from './plan.ts';

export interface DestroyFacts {
  /** Oldest first, as the ledger has them. */
  readonly made: readonly MadeFact[];
  /** The configuration of every bucket that a rule of the ledger is on, and of every bucket of the ledger. */
  readonly documents: ReadonlyMap<string, NotificationDocument>;
}

export interface DestroyPlan extends Plan {
  /** What stays although the ledger names it, and why. */
  readonly kept: readonly { readonly title: string; readonly reason: string }[];
}

/** Pure. Removes what s3evt made and only that; rules first, then what they lead to. */
export function planDestroy(facts: DestroyFacts): DestroyPlan {
  const kept: { title: string; reason: string }[] = [];
  const keep: Keep = (fact, reason) => {
    kept.push({ title: madeTitle(fact), reason });
    return [];
  };
  const puts = [...facts.documents].flatMap(([bucket, document]) => planRules(bucket, document, facts, keep));
  const rulesOn = new Map(
    [...facts.documents].map(([bucket, document]) => {
      const put = puts.find(({ action }) => action.kind === 'put-notification' && action.bucket === bucket);
      return [bucket, rulesOf(put?.action.kind === 'put-notification' ? put.action.after : document)];
    }),
  );
  const remaining = [...rulesOn.values()].flat();
  const rules = puts.map(({ id }) => id);
  const eventRules = facts.made.flatMap((fact) => planEventRule(fact, rules, keep));
  const senders = [...rules, ...eventRules.map(({ id }) => id)];
  const permissions = facts.made.flatMap((fact) =>
    planPermission(fact, { made: facts.made, rulesOn }, senders, keep),
  );
  const functions = facts.made.flatMap((fact) =>
    planFunction(fact, remaining, [...rules, ...permissions.map(({ id }) => id)], keep),
  );
  const statements = facts.made.flatMap((fact) =>
    planStatement(fact, { made: facts.made, rulesOn }, senders, keep),
  );
  const queuesAfter = [...rules, ...statements.map(({ id }) => id)];
  const deleted = facts.made.flatMap((fact) => planMessaging(fact, remaining, queuesAfter, keep));
  const gone = new Set([...functions, ...deleted].map(({ id }) => id));
  const deadLetters = facts.made.flatMap((fact) => planDeadLetter(fact, gone, rules));
  // A dead-letter queue goes after what leads to it.
  const messaging = deleted.map((step) => ({
    ...step,
    after: [...step.after, ...deadLetters.map(({ id }) => id)],
  }));
  const after = functions.map(({ id }) => id);
  const stays = facts.made.filter(
    (fact) => fact.kind === 'function' && fact.now !== 'gone' && !after.includes(`function-${fact.name}`),
  );
  const needed = new Set(stays.flatMap(({ name }) => [roleNameFor(name), defaultLogGroup(name)]));
  const rest = facts.made.flatMap((fact) => planRest(fact, { rules, after, needed, rulesOn }, keep));
  const steps = [
    ...[...puts, ...eventRules, ...permissions, ...functions, ...statements],
    ...[...deadLetters, ...messaging, ...rest],
  ];
  // What is on a bucket goes with it.
  const stepIds = new Set(steps.map(({ id }) => id));
  const onBucket = facts.made.filter(
    ({ kind, name }) => (kind === 'eventbridge' || kind === 'versioning') && stepIds.has(`bucket-${name}`),
  );
  for (const fact of facts.made) {
    if (fact.kind === 'versioning' && fact.now === 'ours')
      keep(fact, 'it is never turned off: that would end the versions of its objects');
  }
  const goes = new Set(onBucket.map(madeTitle));
  return { steps, kept: kept.filter(({ title }) => !goes.has(title)) };
}

function planRules(bucket: string, before: NotificationDocument, facts: DestroyFacts, keep: Keep): Step[] {
  let after = before;
  for (const fact of facts.made) {
    if (fact.kind !== 'rule' || fact.bucket !== bucket) continue;
    const rule = rulesOf(before).find(({ id }) => id === fact.name);
    if (!rule) continue;
    if (rule.destination.arn === fact.destination) after = withoutRule(after, fact.name);
    else keep(fact, `it sends to ${rule.destination.arn} now: somebody changed it`);
  }
  after = withoutOurEventBridge(bucket, after, facts.made, keep);
  if (after === before) return [];
  const diff = diffDocuments(before, after);
  const ids = diff.removed.map(({ id }) => id);
  const what = [
    ...(ids.length === 0
      ? []
      : [`remove ${ids.length === 1 ? 'rule' : 'rules'} ${ids.join(', ')} from ${bucket}`]),
    ...(diff.eventBridge === 'disabled' ? [`turn EventBridge off for ${bucket}`] : []),
  ].join(', ');
  return [
    {
      id: `notification-${bucket}`,
      title: `${what.slice(0, 1).toUpperCase()}${what.slice(1)}`,
      change: 'delete',
      after: [],
      action: { kind: 'put-notification', bucket, before, after },
    },
  ];
}

/** Every version and alias has a policy of its own, so the same statement may stand in several. */
export function permissionStepId(fact: Extract<MadeFact, { kind: 'permission' }>): string {
  const where = fact.qualifier === undefined ? fact.functionName : `${fact.functionName}:${fact.qualifier}`;
  return `permission-${where}-${fact.name}`;
}

/** Whether a rule that stays still needs this function. */
function needs(remaining: readonly Rule[], functionName: string): Rule | undefined {
  return remaining.find(
    ({ destination }) => destination.kind === 'lambda' && destination.arn.split(':')[6] === functionName,
  );
}

interface Users {
  readonly made: readonly MadeFact[];
  /** What stays on each bucket. */
  readonly rulesOn: ReadonlyMap<string, readonly Rule[]>;
}

function planPermission(
  fact: MadeFact,
  { made, rulesOn }: Users,
  after: readonly string[],
  keep: Keep,
): readonly Step[] {
  if (fact.kind !== 'permission' || fact.now !== 'ours') return [];
  // The statement admits one bucket: rules of other buckets live by statements of their own.
  const admitted = [...rulesOn].filter(([bucket]) => statementIdFor(bucket) === fact.name);
  const rule = needs(
    admitted.flatMap(([, rules]) => rules),
    fact.functionName,
  );
  if (rule) return keep(fact, `rule ${rule.id}, which s3evt did not make, needs it`);
  const eventRule = eventRuleNeeding(made, fact.name);
  if (eventRule !== undefined) return keep(fact, `event rule ${eventRule} stays and needs it`);
  const { functionName, qualifier, name } = fact;
  return removal({
    id: permissionStepId(fact),
    title: `Remove the permission ${name} from function ${functionName}`,
    after,
    action: { kind: 'remove-permission', permission: { functionName, qualifier, statementId: name } },
  });
}

function planFunction(
  fact: MadeFact,
  remaining: readonly Rule[],
  after: readonly string[],
  keep: Keep,
): readonly Step[] {
  if (fact.kind !== 'function' || fact.now === 'gone') return [];
  if (fact.now === 'foreign') return keep(fact, 'it does not carry the tag of s3evt: somebody made it anew');
  const rule = needs(remaining, fact.name);
  if (rule) return keep(fact, `rule ${rule.id}, which s3evt did not make, sends to it`);
  return removal({
    id: `function-${fact.name}`,
    title: `Delete function ${fact.name}`,
    after,
    action: { kind: 'delete-function', name: fact.name },
  });
}

export function statementStepId(fact: Extract<MadeFact, { kind: 'statement' }>): string {
  return `statement-${fact.target}-${fact.name}`;
}

function planStatement(
  fact: MadeFact,
  { made, rulesOn }: Users,
  after: readonly string[],
  keep: Keep,
): readonly Step[] {
  if (fact.kind !== 'statement' || fact.now !== 'ours') return [];
  const kind = parseArn(fact.target)?.service;
  if (kind !== 'sqs' && kind !== 'sns' && kind !== 'kms') return [];
  // The statement admits one bucket: rules of other buckets live by statements of their own. What a key encrypts is not
  // known here, so its statement stays while any rule for queues or topics does.
  const rule = [...rulesOn]
    .filter(([bucket]) => statementIdFor(bucket) === fact.name)
    .flatMap(([, rules]) => rules)
    .find(({ destination }) =>
      kind === 'kms' ? destination.kind !== 'lambda' : destination.arn === fact.target,
    );
  if (rule) return keep(fact, `rule ${rule.id}, which s3evt did not make, needs it`);
  const eventRule = eventRuleNeeding(made, fact.name);
  if (eventRule !== undefined) return keep(fact, `event rule ${eventRule} stays and needs it`);
  return removal({
    id: statementStepId(fact),
    title: `Remove statement ${fact.name} from the policy of ${fact.target}; other statements stay`,
    after,
    action: { kind: 'remove-statement', target: { kind, arn: fact.target }, sid: fact.name },
  });
}

function planMessaging(
  fact: MadeFact,
  remaining: readonly Rule[],
  after: readonly string[],
  keep: Keep,
): readonly Step[] {
  if ((fact.kind !== 'queue' && fact.kind !== 'topic') || fact.now === 'gone') return [];
  if (fact.now === 'foreign') return keep(fact, 'it does not carry the tag of s3evt: somebody made it anew');
  const rule = remaining.find(({ destination }) => destination.arn === fact.name);
  if (rule) return keep(fact, `rule ${rule.id}, which s3evt did not make, sends to it`);
  const isQueue = fact.kind === 'queue';
  return removal({
    id: `${fact.kind}-${fact.name}`,
    title: `Delete ${fact.kind} ${fact.name}${isQueue ? ' with the messages in it' : ''}`,
    after,
    action: { kind: isQueue ? 'delete-queue' : 'delete-topic', arn: fact.name },
  });
}

function planRest(
  fact: MadeFact,
  order: {
    readonly rules: readonly string[];
    readonly after: readonly string[];
    readonly needed: ReadonlySet<string>;
    /** What stays on each bucket. */
    readonly rulesOn: ReadonlyMap<string, readonly Rule[]>;
  },
  keep: Keep,
): readonly Step[] {
  if (fact.kind !== 'bucket' && fact.kind !== 'log-group' && fact.kind !== 'role') return [];
  if (fact.now === 'gone') return [];
  if (fact.now === 'foreign') return keep(fact, 'it does not carry the tag of s3evt: somebody made it anew');
  if (order.needed.has(fact.name)) return keep(fact, 'its function stays');
  switch (fact.kind) {
    case 'bucket': {
      const { objects } = fact;
      if (objects === undefined) return keep(fact, 'its objects cannot be listed');
      if (objects.others > 0) {
        return keep(
          fact,
          `it holds ${objects.others} ${objects.others === 1 ? 'object' : 'objects'} that s3evt did not upload`,
        );
      }
      // A bucket takes its rules with it, and those of others are not ours to remove.
      const [rule] = order.rulesOn.get(fact.name) ?? [];
      if (rule) return keep(fact, `rule ${rule.id}, which s3evt did not make, is on it`);
      const what =
        objects.ours.length === 0
          ? ''
          : ` and the ${objects.ours.length} test ${objects.ours.length === 1 ? 'object' : 'objects'} in it`;
      return removal({
        id: `bucket-${fact.name}`,
        title: `Delete bucket ${fact.name}${what}`,
        after: order.rules,
        action: { kind: 'delete-bucket', bucket: fact.name, objects: objects.ours },
      });
    }
    case 'log-group':
      return removal({
        id: `log-group-${fact.name}`,
        title: `Delete log group ${fact.name}`,
        after: order.after,
        action: { kind: 'delete-log-group', group: fact.name },
      });
    case 'role':
      return removal({
        id: `role-${fact.name}`,
        title: `Delete role ${fact.name}`,
        after: order.after,
        action: { kind: 'delete-role', role: fact.name, inlinePolicies: fact.inlinePolicies },
      });
  }
}

function removal(step: Omit<Step, 'change'>): readonly Step[] {
  return [{ ...step, change: 'delete' }];
}
