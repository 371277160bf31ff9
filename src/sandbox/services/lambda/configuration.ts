/** How a function version looks in answers. */
import type {
  Architecture,
  FunctionConfiguration,
  LastUpdateStatusReasonCode,
  Runtime,
  SnapStartApplyOn,
  StateReasonCode,
} from '@aws-sdk/client-lambda';
import { runtimeVersionArn } from '../../lambda/platform-log.ts';
import {
  isPending,
  isUpdating,
  type ActivationFailure,
  type FunctionRecord,
  type VersionRecord,
} from './store.ts';

/** AWS's own wording at creation and, oddly, at updates too. */
const CREATING = 'The function is being created.';

function stateOf(pending: boolean, failure: ActivationFailure | undefined): FunctionConfiguration {
  if (pending) return { State: 'Pending', StateReason: CREATING, StateReasonCode: 'Creating' };
  if (!failure) return { State: 'Active' };
  return {
    State: 'Failed',
    StateReason: failure.reason,
    StateReasonCode: failure.code as StateReasonCode,
  };
}

function updateOf(inProgress: boolean, failure: ActivationFailure | undefined): FunctionConfiguration {
  if (inProgress) {
    return {
      LastUpdateStatus: 'InProgress',
      LastUpdateStatusReason: CREATING,
      // Recorded, though the model does not list it.
      LastUpdateStatusReasonCode: 'Creating' as LastUpdateStatusReasonCode,
    };
  }
  if (!failure) return { LastUpdateStatus: 'Successful' };
  return {
    LastUpdateStatus: 'Failed',
    LastUpdateStatusReason: failure.reason,
    LastUpdateStatusReasonCode: failure.code as LastUpdateStatusReasonCode,
  };
}

/** `2025-11-24T23:08:11.000+0000`: not the RFC 3339 form. */
export const lastModifiedText = (ms: number) => new Date(ms).toISOString().replace('Z', '+0000');

/** What lists show: no state, no update status, no runtime version. */
export function listedConfiguration(
  record: FunctionRecord,
  version: VersionRecord,
  qualifier: string | undefined,
): FunctionConfiguration {
  const { settings, code } = version;
  const { logging, vpc } = settings;
  return {
    FunctionName: record.name,
    FunctionArn: qualifier === undefined ? record.arn : `${record.arn}:${qualifier}`,
    Runtime: settings.runtime as Runtime,
    Role: settings.role,
    Handler: settings.handler,
    CodeSize: code.zip.byteLength,
    Description: settings.description,
    Timeout: settings.timeoutSeconds,
    MemorySize: settings.memoryMb,
    LastModified: lastModifiedText(version.lastModified),
    CodeSha256: code.sha256,
    Version: version.version,
    TracingConfig: { Mode: settings.tracingMode },
    RevisionId: version.revisionId,
    PackageType: 'Zip',
    Architectures: settings.architectures as Architecture[],
    EphemeralStorage: { Size: settings.ephemeralStorageMb },
    SnapStart: { ApplyOn: settings.snapStart as SnapStartApplyOn, OptimizationStatus: 'Off' },
    LoggingConfig: {
      LogFormat: logging.format,
      LogGroup: logging.group,
      ...(logging.format === 'JSON' && {
        ApplicationLogLevel: logging.applicationLevel,
        SystemLogLevel: logging.systemLevel as 'DEBUG' | 'INFO' | 'WARN',
      }),
    },
    ...(settings.variables && { Environment: { Variables: { ...settings.variables } } }),
    ...(settings.deadLetterArn !== undefined && { DeadLetterConfig: { TargetArn: settings.deadLetterArn } }),
    ...(settings.kmsKeyArn !== undefined && { KMSKeyArn: settings.kmsKeyArn }),
    ...(settings.layers.length > 0 && { Layers: settings.layers.map((Arn) => ({ Arn, CodeSize: 0 })) }),
    ...(vpc && {
      VpcConfig: { SubnetIds: [...vpc.subnetIds], SecurityGroupIds: [...vpc.securityGroupIds], VpcId: '' },
    }),
  };
}

/** As Get answers; `phase` is what the call itself has just begun, which is what its own answer shows. */
export function configuration(
  record: FunctionRecord,
  version: VersionRecord,
  options: { now: number; qualifier?: string | undefined; phase?: 'created' | 'updated' },
): FunctionConfiguration {
  const { now, qualifier, phase } = options;
  const pending = phase === 'created' || isPending(version, now);
  return {
    ...listedConfiguration(record, version, qualifier),
    RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(record.region, version.settings.runtime) },
    ...stateOf(pending, version.failure),
    // That a function which could not be created shows a failed update too is UNKNOWN.
    ...(!pending &&
      updateOf(phase === 'updated' || isUpdating(version, now), version.update?.failure ?? version.failure)),
  };
}
