/** Event buses, rules and targets in memory, per region. No rules of the API here: the handlers know those. */
import type { Target } from '@aws-sdk/client-eventbridge';
import type { EventPattern } from '../../../core/event-pattern.ts';
import type { SandboxEnv } from '../../env.ts';

export type RuleState = 'ENABLED' | 'DISABLED' | 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';

export interface Rule {
  readonly name: string;
  readonly busName: string;
  readonly arn: string;
  readonly tags: Map<string, string>;
  /** By id, in the order of their ids. */
  readonly targets: Map<string, Target>;
  definition: RuleDefinition;
  state: RuleState;
}

/** What a further PutRule replaces as a whole. */
export interface RuleDefinition {
  /** Absent in a rule that has a schedule only: no event matches it. */
  readonly eventPattern: string | undefined;
  readonly pattern: EventPattern | undefined;
  readonly schedule: string | undefined;
  readonly description: string | undefined;
  readonly roleArn: string | undefined;
}

export interface EventBus {
  readonly name: string;
  readonly region: string;
  readonly arn: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly tags: Map<string, string>;
  readonly rules: Map<string, Rule>;
  modifiedAt: number;
  readonly description: string | undefined;
  /** Statements of its policy, by Sid where they have one. */
  policy: readonly Readonly<Record<string, unknown>>[];
}

export interface EventStore {
  /** The default bus is always there. */
  bus(region: string, name: string): EventBus | undefined;
  /** By name. */
  buses(region: string): readonly EventBus[];
  createBus(region: string, name: string, init: Pick<EventBus, 'description' | 'tags'>): EventBus;
  deleteBus(bus: EventBus): void;
  createRule(bus: EventBus, name: string, init: Pick<Rule, 'definition' | 'state' | 'tags'>): Rule;
  reset(): void;
}

export const DEFAULT_BUS = 'default';

export function createEventStore(env: SandboxEnv): EventStore {
  const regions = new Map<string, Map<string, EventBus>>();

  const addBus = (
    buses: Map<string, EventBus>,
    region: string,
    name: string,
    init: Pick<EventBus, 'description' | 'tags'>,
  ): EventBus => {
    const now = env.clock.now();
    const bus: EventBus = {
      name,
      region,
      arn: `arn:aws:events:${region}:${env.account}:event-bus/${name}`,
      createdAt: now,
      modifiedAt: now,
      policy: [],
      rules: new Map(),
      ...init,
    };
    buses.set(name, bus);
    return bus;
  };
  const busesOf = (region: string): Map<string, EventBus> => {
    const existing = regions.get(region);
    if (existing) return existing;
    const buses = new Map<string, EventBus>();
    regions.set(region, buses);
    addBus(buses, region, DEFAULT_BUS, { description: undefined, tags: new Map() });
    return buses;
  };

  return {
    bus: (region, name) => busesOf(region).get(name),
    buses: (region) => byName([...busesOf(region).values()]),
    createBus: (region, name, init) => addBus(busesOf(region), region, name, init),
    deleteBus: (bus) => void busesOf(bus.region).delete(bus.name),
    createRule(bus, name, init) {
      // A rule of the default bus is named without it (recorded).
      const path = bus.name === DEFAULT_BUS ? name : `${bus.name}/${name}`;
      const rule: Rule = {
        name,
        busName: bus.name,
        arn: `arn:aws:events:${bus.region}:${env.account}:rule/${path}`,
        targets: new Map(),
        ...init,
      };
      bus.rules.set(name, rule);
      return rule;
    },
    reset: () => regions.clear(),
  };
}

export function byName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
}
