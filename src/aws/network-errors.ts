import { S3evtError } from '../core/errors.ts';
import { type FailedCall, subjectOf, type WireError } from './wire-error.ts';

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPROTO',
]);

/** Codes of OpenSSL's verification and of Node's host name check. */
const CERTIFICATE_CODE = /CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|SELF_SIGNED|CRL_|^ERR_TLS_/;

/** Failures to reach the endpoint at all; undefined when it answered. */
export function translateNetworkError(error: WireError, call: FailedCall): S3evtError | undefined {
  if (error.status !== undefined) return undefined;
  const { code = '' } = error;
  const failed = (message: string, hint: string, commands: readonly string[] = []) =>
    new S3evtError('NETWORK', message, { hint, commands, ...error.details });

  if (CERTIFICATE_CODE.test(code)) {
    return failed(
      `the certificate of ${place(call)} is not trusted: ${error.text} (${code})`,
      'Set AWS_CA_BUNDLE to the file of its certificate authority.',
    );
  }
  // The two time limits of the SDK's HTTP handler: connecting, and waiting for the answer.
  if (error.name === 'TimeoutError' && error.text.includes('requestTimeout')) {
    return new S3evtError('TIMEOUT', `${subjectOf(call)}: no answer from ${place(call)} in time`, {
      hint: 'Try again.',
      ...error.details,
    });
  }
  if (!CONNECTION_CODES.has(code) && error.name !== 'TimeoutError') return undefined;

  const reason = CONNECTION_CODES.has(code) ? code : error.text;
  const message = `cannot reach ${place(call)} (${reason})`;
  const endpoint = call.target?.endpointUrl;
  if (!endpoint) {
    return failed(message, 'Check the connection and --region; proxies (HTTPS_PROXY) are not used.');
  }
  if (call.target.sandbox || isLoopback(endpoint.value)) {
    return failed(
      message,
      `Nothing may be running at ${endpoint.value} (from ${endpoint.name}): start it, or the sandbox.`,
      ['s3evt sandbox start'],
    );
  }
  return failed(message, `Check the endpoint, which comes from ${endpoint.name}.`);
}

function place({ target, action }: FailedCall): string {
  if (target?.sandbox === true) return `the sandbox at ${target.endpointUrl?.value ?? 'an unknown address'}`;
  const service = action.split(':')[0] ?? '';
  const own = target?.serviceEndpoints[service === 'logs' ? 'CLOUDWATCH_LOGS' : service.toUpperCase()];
  const endpoint = own ?? target?.endpointUrl;
  return endpoint ? endpoint.value : `AWS${target ? ` in ${target.region.value}` : ''}`;
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    hostname.startsWith('127.')
  );
}
