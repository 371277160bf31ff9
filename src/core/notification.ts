import { sharedEvents } from './event-name.ts';
import { filtersOverlap, keyIn, keyPasses, type KeyFilter } from './key-filter.ts';

/**
 * The bucket's notification configuration. The document is kept exactly as AWS returned it (its JSON form, the one that
 * `aws s3api get-bucket-notification-configuration` prints); rules are views on it. So whatever s3evt does not
 * change goes back as it came, members that this code has never heard of included.
 */
export interface NotificationDocument {
  readonly TopicConfigurations?: readonly ConfigurationElement[];
  readonly QueueConfigurations?: readonly ConfigurationElement[];
  readonly LambdaFunctionConfigurations?: readonly ConfigurationElement[];
  readonly EventBridgeConfiguration?: Readonly<Record<string, unknown>>;
}

export interface ConfigurationElement {
  readonly Id?: string | undefined;
  readonly TopicArn?: string | undefined;
  readonly QueueArn?: string | undefined;
  readonly LambdaFunctionArn?: string | undefined;
  readonly Events?: readonly string[] | undefined;
  readonly Filter?:
    | {
        readonly Key?:
          | {
              readonly FilterRules?:
                | readonly { readonly Name?: string | undefined; readonly Value?: string | undefined }[]
                | undefined;
            }
          | undefined;
      }
    | undefined;
}

export type DestinationKind = 'lambda' | 'sqs' | 'sns' | 'eventbridge';

export interface Destination {
  readonly kind: Exclude<DestinationKind, 'eventbridge'>;
  readonly arn: string;
}

export interface Rule {
  readonly id: string;
  readonly destination: Destination;
  readonly events: readonly string[];
  readonly filter: KeyFilter;
}

const LISTS = {
  lambda: ['LambdaFunctionConfigurations', 'LambdaFunctionArn'],
  sqs: ['QueueConfigurations', 'QueueArn'],
  sns: ['TopicConfigurations', 'TopicArn'],
} as const;

const KINDS = ['lambda', 'sqs', 'sns'] as const;

function filterOf(element: ConfigurationElement): KeyFilter {
  const filter: { prefix?: string; suffix?: string } = {};
  for (const rule of element.Filter?.Key?.FilterRules ?? []) {
    // AWS answers `Prefix` and `Suffix` whatever was sent.
    const name = rule.Name?.toLowerCase();
    if (name === 'prefix' || name === 'suffix') filter[name] = rule.Value ?? '';
  }
  return filter;
}

function ruleOf(kind: Destination['kind'], element: ConfigurationElement): Rule {
  return {
    id: element.Id ?? '',
    destination: { kind, arn: element[LISTS[kind][1]] ?? '' },
    events: element.Events ?? [],
    filter: filterOf(element),
  };
}

/** Every rule of a document, functions first. AWS does not promise an order. */
export function rulesOf(document: NotificationDocument): readonly Rule[] {
  return KINDS.flatMap((kind) => (document[LISTS[kind][0]] ?? []).map((element) => ruleOf(kind, element)));
}

export function hasEventBridge(document: NotificationDocument): boolean {
  return document.EventBridgeConfiguration !== undefined;
}

function elementOf(rule: Rule): ConfigurationElement {
  const FilterRules = [
    ...(rule.filter.prefix ? [{ Name: 'Prefix', Value: rule.filter.prefix }] : []),
    ...(rule.filter.suffix ? [{ Name: 'Suffix', Value: rule.filter.suffix }] : []),
  ];
  return {
    Id: rule.id,
    [LISTS[rule.destination.kind][1]]: rule.destination.arn,
    Events: rule.events,
    ...(FilterRules.length === 0 ? {} : { Filter: { Key: { FilterRules } } }),
  };
}

/** The document with the rule added, or in the place of the one with its id. All else is carried over untouched. */
export function withRule(document: NotificationDocument, rule: Rule): NotificationDocument {
  const list = LISTS[rule.destination.kind][0];
  const kept = withoutRule(document, rule.id);
  const position = (document[list] ?? []).findIndex((element) => element.Id === rule.id);
  const elements = [...(kept[list] ?? [])];
  elements.splice(position < 0 ? elements.length : position, 0, elementOf(rule));
  return { ...kept, [list]: elements };
}

/** The document without the rule of that id. A list that becomes empty disappears, as AWS prints it. */
export function withoutRule(document: NotificationDocument, id: string): NotificationDocument {
  const result: Record<string, unknown> = { ...document };
  for (const kind of KINDS) {
    const list = LISTS[kind][0];
    const elements = document[list];
    if (!elements) continue;
    const kept = elements.filter((element) => element.Id !== id);
    if (kept.length === 0) Reflect.deleteProperty(result, list);
    else result[list] = kept;
  }
  return result;
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, canonical(v)]));
}

function elementText(element: ConfigurationElement): string {
  // The order of events and of filter rules carries no meaning, and AWS does not promise to keep it.
  const { Filter, ...rest } = element;
  const { Key, ...otherFilters } = Filter ?? {};
  const { FilterRules, ...otherKeyFilters } = Key ?? {};
  const rules = FilterRules?.map((rule) =>
    JSON.stringify(canonical({ ...rule, Name: rule.Name?.toLowerCase() })),
  ).sort();
  return JSON.stringify(
    canonical([
      { ...rest, Events: [...(rest.Events ?? [])].sort() },
      rules ?? [],
      otherFilters,
      otherKeyFilters,
    ]),
  );
}

function unknownMembers(document: NotificationDocument): object {
  const known: readonly string[] = [...KINDS.map((kind) => LISTS[kind][0]), 'EventBridgeConfiguration'];
  return Object.fromEntries(Object.entries(document).filter(([name]) => !known.includes(name)));
}

/** Whether two documents say the same: order of rules, events and members aside. */
export function sameDocument(a: NotificationDocument, b: NotificationDocument): boolean {
  const text = (document: NotificationDocument) =>
    JSON.stringify([
      ...KINDS.map((kind) => (document[LISTS[kind][0]] ?? []).map(elementText).sort()),
      canonical(document.EventBridgeConfiguration) ?? null,
      canonical(unknownMembers(document)),
    ]);
  return text(a) === text(b);
}

export interface DocumentDiff {
  readonly added: readonly Rule[];
  readonly removed: readonly Rule[];
  readonly changed: readonly { readonly before: Rule; readonly after: Rule }[];
  readonly eventBridge: 'enabled' | 'disabled' | 'unchanged';
}

export function diffDocuments(before: NotificationDocument, after: NotificationDocument): DocumentDiff {
  const old = new Map(rulesOf(before).map((rule) => [rule.id, rule]));
  const now = new Map(rulesOf(after).map((rule) => [rule.id, rule]));
  const bridge = [hasEventBridge(before), hasEventBridge(after)] as const;
  return {
    added: [...now.values()].filter((rule) => !old.has(rule.id)),
    removed: [...old.values()].filter((rule) => !now.has(rule.id)),
    changed: [...now.values()].flatMap((rule) => {
      const earlier = old.get(rule.id);
      return earlier && !sameRule(earlier, rule) ? [{ before: earlier, after: rule }] : [];
    }),
    eventBridge: bridge[0] === bridge[1] ? 'unchanged' : bridge[1] ? 'enabled' : 'disabled',
  };
}

export function sameRule(a: Rule, b: Rule): boolean {
  return a.destination.kind === b.destination.kind && elementText(elementOf(a)) === elementText(elementOf(b));
}

export interface Overlap {
  readonly a: Rule;
  readonly b: Rule;
  readonly events: readonly string[];
  /** A key that both rules would match. */
  readonly witness: string;
}

/** S3 refuses two rules that share an event while their prefixes and their suffixes overlap, whatever their destinations. */
export function overlapOf(a: Rule, b: Rule): Overlap | undefined {
  const events = sharedEvents(a.events, b.events);
  if (events.length === 0 || !filtersOverlap(a.filter, b.filter)) return undefined;
  const longer = (x = '', y = '') => (x.length >= y.length ? x : y);
  const prefix = longer(a.filter.prefix, b.filter.prefix);
  const suffix = longer(a.filter.suffix, b.filter.suffix);
  const key = keyIn({ prefix, suffix }, 'example');
  const passes = keyPasses(a.filter, key) && keyPasses(b.filter, key);
  return { a, b, events, witness: passes ? key : `${prefix}example${suffix}` };
}

/** Every rule of the document, the one with the same id aside, that the new rule would collide with. */
export function overlapsWith(document: NotificationDocument, rule: Rule): readonly Overlap[] {
  return rulesOf(document).flatMap((other) => {
    const overlap = other.id === rule.id ? undefined : overlapOf(rule, other);
    return overlap ? [overlap] : [];
  });
}

/** `s3:ObjectCreated:* in/*.jpg`, for a person's eye. */
export function describeFilter(filter: KeyFilter): string {
  return `${filter.prefix ?? ''}*${filter.suffix ?? ''}`;
}
