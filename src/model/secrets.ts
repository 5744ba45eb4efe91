/** What stands in a secret's place. */
const MASK = '***';

interface Secret {
  readonly pattern: RegExp;
  readonly replace: string;
}

/** Beginnings and endings of names that hold secrets: `DB_PASSWORD`, `--api-key`, `authToken`. */
const NAME = `(?:pass(?:word|wd|phrase)|(?<![a-z])pass|pwd|secret(?:[_-]?key)?|token|api[_-]?key|access[_-]?key(?:[_-]?id)?|private[_-]?key|credentials?|auth[_-]?key|session[_-]?key|cookie)`;
/** A quoted value whole, or up to the next blank or separator. */
const VALUE = String.raw`(?:"[^"]*"|'[^']*'|[^\s"'&;,)\]}]+)`;

/**
 * Command lines and values are copied into tickets; what looks like a secret must not travel with them.
 * Each pattern reads a text in linear time: no repetition stands beside another that could match the same characters.
 */
const SECRETS: readonly Secret[] = [
  // "postgres://app:hunter2@db/main"; a password may hold ":" and "@".
  { pattern: /(:\/\/[^\s:/@]{0,200}:)[^\s/]{1,500}@/g, replace: `$1${MASK}@` },
  // "https://ghp_abc@github.com"
  { pattern: /(:\/\/)[^\s:/@]{20,500}@/g, replace: `$1${MASK}@` },
  // "Authorization: Bearer eyJ…", "-H 'Authorization: Basic dXNlcjpwYXNz'"
  {
    pattern: /\b(authorization["']?\s?[:=]\s?["']?(?:(?:bearer|basic|token|digest|negotiate)\s)?)[^\s"',]{1,4000}/gi,
    replace: `$1${MASK}`,
  },
  { pattern: /\b(bearer\s)[\w.~+/=-]{8,4000}/gi, replace: `$1${MASK}` },
  // "--password hunter2", "--api-key=abc", "-token abc"; a following option is not a value.
  {
    pattern: new RegExp(String.raw`((?:^|\s)--?(?:[\w-]{0,40}[-_])?${NAME}(?:\s|=))(?!-)${VALUE}`, 'gi'),
    replace: `$1${MASK}`,
  },
  // "PASSWORD=hunter2", "db_password: 'x'", '"token": "x"', "?token=x"
  { pattern: new RegExp(String.raw`(\b\w{0,40}?${NAME}["']?\s?[=:]\s?)${VALUE}`, 'gi'), replace: `$1${MASK}` },
  // "curl -u user:password", "mysql -phunter2"
  { pattern: /(\s(?:-u|--user)[\s=][^\s:]{1,100}:)\S{1,500}/g, replace: `$1${MASK}` },
  { pattern: /(\b(?:mysql|mysqldump|mariadb|sshpass)\b[^|;&]{0,200}?\s-p)(?!\s|ort)\S{1,200}/g, replace: `$1${MASK}` },
  // Keys that are known by their form: AWS, GitHub, GitLab, Slack, Google, OpenAI and its kin, JSON web tokens.
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, replace: MASK },
  {
    pattern:
      /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|AIza[\w-]{30,}|sk-[\w-]{20,}|hf_\w{20,})/g,
    replace: MASK,
  },
  { pattern: /\beyJ[\w-]{10,}\.[\w-]{5,}(?:\.[\w-]*)?/g, replace: MASK },
];

/** Passwords, tokens and keys replaced by three stars. A second pass changes nothing. */
export function maskSecrets(text: string): string {
  let masked = text;
  for (const { pattern, replace } of SECRETS) masked = masked.replace(pattern, replace);
  return masked;
}
