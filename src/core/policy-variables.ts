/**
 * Policy variables, which stand in resources and condition values of policies of version 2012-10-17
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
 */
const VARIABLE = /\$\{\s*([^},\s]+)\s*(?:,\s*'([^']*)'\s*)?\}/g;

/**
 * The text with the values of its variables; `context` has its keys in lower case. Undefined when a variable has no value and
 * no default: such a text matches nothing. A value with wildcards would be taken for a pattern, which IAM does not do, so it
 * counts as none; so do the escapes `${*}` and `${?}`.
 */
export function expandVariables(text: string, context: ReadonlyMap<string, string>): string | undefined {
  if (!text.includes('${')) return text;
  const missing: string[] = [];
  const expanded = text.replace(VARIABLE, (_variable, key: string, fallback: string | undefined) => {
    if (key === '$') return '$';
    const value = context.get(key.toLowerCase()) ?? fallback;
    if (value === undefined || /[*?]/.test(value)) missing.push(key);
    return value ?? '';
  });
  return missing.length === 0 ? expanded : undefined;
}
