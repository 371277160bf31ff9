/**
 * Takes secrets out of texts that leave the program: error messages, stacks, debug output. They get in by way of AWS: a
 * SignatureDoesNotMatch answer repeats the canonical request with its security token, a pre-signed URL carries its signature
 * (docs: "Authenticating Requests: Using Query Parameters"). Access key ids stay: AWS counts them as names, not as secrets,
 * and without them nobody can tell which identity was refused.
 */

const MARK = '[redacted]';

/** Names whose value is a secret wherever they stand: environment, INI file, JSON, XML, header, query. */
const SECRET_NAMES = [
  'aws_?secret_?access_?key',
  'secret_?access_?key',
  'secret_?key',
  'aws_?session_?token',
  'session_?token',
  'aws_?security_?token',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-sso_bearer_token',
  'authorization_?token',
  'aws_?bearer_?token_?\\w{0,32}',
  'access_?token',
  'refresh_?token',
  'client_?secret',
  'signature_?provided',
].join('|');

/** After the name: quote, `:`, `=`, `>` of an XML element or an encoded `=`; quotes may be escaped in nested JSON. */
const SEPARATOR = `\\\\?["']?[ \\t]{0,8}(?:[:=>]|%3D)[ \\t]{0,8}\\\\?["']?`;
const VALUE = `[^\\s"'&,;<>(){}\\\\\\[\\]]+`;

const NAMED = new RegExp(`((?:${SECRET_NAMES})${SEPARATOR})${VALUE}`, 'gi');
/** A bare `Signature=`: Authorization header and pre-signed URLs of version 2. Long, so that prose is left alone. */
const SIGNATURE = /(\bSignature(?:=|%3D))[A-Za-z0-9+/=%_-]{16,}/gi;
const AUTHORIZATION =
  /(\bauthorization\\?["']?[ \t]{0,8}[:=][ \t]{0,8}\\?["']?(?:Bearer|Basic)[ \t]{1,8})[^\s"'\\,]+/gi;
const PASSWORD_IN_URL = /(\b[a-z][a-z0-9+.-]{1,16}:\/\/[^\s/:@]{0,128}:)[^\s/@]{1,512}(?=@)/gi;

/** A part of all that is looked for: in most texts there is nothing of it. */
const SUSPICIOUS = /secret|token|signature|authorization|:\/\//i;

/** The text with the value of everything that looks like a credential replaced. Linear in the text. */
export function redact(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  return text
    .replace(NAMED, `$1${MARK}`)
    .replace(SIGNATURE, `$1${MARK}`)
    .replace(AUTHORIZATION, `$1${MARK}`)
    .replace(PASSWORD_IN_URL, `$1${MARK}`);
}
