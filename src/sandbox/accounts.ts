/** One set of services per account. S3 and STS are not among them: bucket names and access keys are global. */
import { join } from 'node:path';
import { parseArn } from '../core/arn.ts';
import type { SandboxEnv } from './env.ts';
import type { CloudTrailService } from './services/cloudtrail/service.ts';
import type { EventsService } from './services/events/service.ts';
import type { IamService } from './services/iam/service.ts';
import type { KmsGate } from './services/kms/gate.ts';
import type { KmsService } from './services/kms/service.ts';
import type { LambdaService } from './services/lambda/index.ts';
import type { LogsService } from './services/logs/service.ts';
import type { MonitoringService } from './services/monitoring/service.ts';
import { createMetricStore } from './services/monitoring/store.ts';
import type { SnsService } from './services/sns/service.ts';
import type { SqsService } from './services/sqs/service.ts';
import type { Destination, Destinations } from './delivery/destinations.ts';

export interface AccountServices {
  /** Twelve digits. */
  readonly account: string;
  readonly iam: IamService;
  readonly logs: LogsService;
  readonly lambda: LambdaService;
  readonly kms: KmsService;
  readonly sqs: SqsService;
  readonly sns: SnsService;
  readonly events: EventsService;
  readonly monitoring: MonitoringService;
  readonly cloudtrail: CloudTrailService;
}

export interface Accounts {
  /** The sandbox's own account. */
  readonly home: AccountServices;
  /** Of a caller; made when it is first heard of. */
  of(account: string): AccountServices;
  /** Undefined when no caller of the account has been heard of: then it has no resources either. */
  find(account: string): AccountServices | undefined;
  /** Of the account in an ARN; that of the sandbox where there is none, since it says best what does not exist. */
  byArn(arn: string): AccountServices;
  all(): readonly AccountServices[];
}

export function createAccounts(
  env: SandboxEnv,
  make: (env: SandboxEnv, accounts: Accounts) => AccountServices,
): Accounts {
  const others = new Map<string, AccountServices>();
  const find = (account: string) => (account === env.account ? accounts.home : others.get(account));
  let home: AccountServices | undefined;
  const accounts: Accounts = {
    get home() {
      return (home ??= make(env, accounts));
    },
    of(account) {
      const found = find(account);
      if (found) return found;
      const own = {
        account,
        // Lambda empties its folder on reset.
        stateDir: join(env.stateDir, account),
        metrics: createMetricStore(() => env.clock.now()),
      };
      const made = make({ ...env, ...own }, accounts);
      others.set(account, made);
      return made;
    },
    find,
    byArn: (arn) => find(parseArn(arn)?.account ?? '') ?? accounts.home,
    all: () => [accounts.home, ...others.values()],
  };
  return accounts;
}

/** The services that ARNs lead to, for whoever sends to another service: wherever the ARN's account is. */
export function routedServices(accounts: Accounts) {
  const at = (arn: string) => accounts.byArn(arn);
  const destination = (pick: (services: AccountServices) => Destination): Destination => ({
    check: (arn, source) => pick(at(arn)).check(arn, source),
    deliver: (arn, message, source) => pick(at(arn)).deliver(arn, message, source),
  });
  const destinations: Destinations = {
    lambda: destination(({ lambda }) => lambda.destination),
    sqs: destination(({ sqs }) => sqs.destination),
    sns: destination(({ sns }) => sns.destination),
  };
  const sqs: Pick<SqsService, 'send' | 'consume'> = {
    send: (arn, ...rest) => at(arn).sqs.send(arn, ...rest),
    consume: (arn) => at(arn).sqs.consume(arn),
  };
  const sns: Pick<SnsService, 'publish' | 'exists'> = {
    publish: (arn, ...rest) => at(arn).sns.publish(arn, ...rest),
    exists: (arn) => at(arn).sns.exists(arn),
  };
  const lambda: Pick<LambdaService, 'invokeAsync'> = {
    invokeAsync: (arn, ...rest) => at(arn).lambda.invokeAsync(arn, ...rest),
  };
  const logs: Pick<LogsService, 'put'> = { put: (arn, ...rest) => at(arn).logs.put(arn, ...rest) };
  const events: Pick<EventsService, 'putServiceEvent' | 'receive' | 'exists'> = {
    putServiceEvent: (arn, event) => at(arn).events.putServiceEvent(arn, event),
    receive: (arn, ...rest) => at(arn).events.receive(arn, ...rest),
    exists: (arn) => at(arn).events.exists(arn),
  };
  const iam: Pick<IamService, 'role'> = { role: (arn) => at(arn).iam.role(arn) };
  return { destinations, sqs, sns, lambda, logs, events, iam };
}

/** A key may be another account's; without an ARN it is one's own. */
export function routedKeys(accounts: Accounts, own: () => KmsService): KmsGate {
  return {
    allows: (key, use) => (key.startsWith('arn:') ? accounts.byArn(key).kms : own()).gate.allows(key, use),
  };
}
