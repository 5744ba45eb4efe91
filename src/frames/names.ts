/** Names longer than this are template expansions; only their beginning is compared. */
const LONGEST = 2000;

/**
 * A native function's name without what compilers and linkers add: version, clone suffix, parameters, template
 * arguments, return type. "void ns::Box<int>::run<A>(int) const [clone .cold]" becomes "ns::Box::run".
 */
export function bareName(name: string): string {
  if (name === '<signal handler called>') return name;
  let bare = name.length > LONGEST ? name.slice(0, LONGEST) : name;
  // "pthread_cond_wait@@GLIBC_2.3.2", "poll@plt"; on old macOS "pthread_cond_wait$UNIX2003", "read$NOCANCEL"
  bare = bare
    .replace(/@.*$/, '')
    .replace(/\$(?:UNIX2003|NOCANCEL|INODE64|DARWIN_EXTSN|1050)\b/g, '')
    .replace(/ \[clone [^\]]*\]/g, '')
    .replace(RUST_HASH, '');
  if (bare.startsWith('<')) bare = implementer(bare);
  if (/[<( ]/.test(bare)) bare = dropBrackets(bare);
  return bare.replace(CLONE_SUFFIX, '');
}

/** "rayon_core::latch::LockLatch::wait_and_reset::hda86271d32e91440" */
const RUST_HASH = /::h[0-9a-f]{16}$/;

/** "<a::Latch as b::Wait>::wait" is called a::Latch::wait: Rust names a method of a trait by its implementer. */
function implementer(name: string): string {
  let depth = 0;
  for (let index = 0; index < name.length; index += 1) {
    if (name[index] === '<') depth += 1;
    else if (name[index] === '>' && name[index - 1] !== '-') depth -= 1;
    if (depth > 0) continue;
    const inner = name.slice(1, index);
    const trait = inner.indexOf(' as ');
    return (trait < 0 ? inner : inner.slice(0, trait)) + name.slice(index + 1);
  }
  return name;
}

/** ".cold", ".constprop.0", ".isra.1", ".part.3.lto_priv.2", ".llvm.123" */
const CLONE_SUFFIX = /(?:\.(?:cold|constprop|isra|part|localalias|lto_priv|llvm|clone|avx2|sse2)(?:\.\d+)*)+$/;

/** Operators hold the very brackets that are dropped: "operator()", "operator<<", "operator->". */
const OPERATOR = /operator(?:\(\)|<<=?|>>=?|<=>?|>=?|<|->\*?|\[\])/y;

/** Drops "<…>" and "(…)", keeps "(anonymous namespace)" as "(anonymous)", and cuts a return type off. */
function dropBrackets(name: string): string {
  let kept = '';
  let depth = 0;
  for (let index = 0; index < name.length; index += 1) {
    OPERATOR.lastIndex = index;
    const operator = depth === 0 ? OPERATOR.exec(name)?.[0] : undefined;
    const character = name[index] ?? '';
    if (operator !== undefined) {
      kept += operator;
      index += operator.length - 1;
    } else if (depth === 0 && name.startsWith('(anonymous namespace)', index)) {
      kept += '(anonymous)';
      index += '(anonymous namespace)'.length - 1;
    } else if (character === '<' || character === '(') depth += 1;
    else if ((character === '>' || character === ')') && depth > 0) depth -= 1;
    else if (depth === 0) kept += character;
  }
  const words = kept
    .replace(/ const$/, '')
    .trim()
    .split(' ');
  return words.at(-1) ?? kept;
}

/**
 * The name under which a C function is known, whichever of its aliases the tool found, without leading underscores:
 * "__GI___poll", "__libc_recv", "___pthread_mutex_lock", "_PyEval_Vector" are poll, recv, pthread_mutex_lock, PyEval_Vector.
 */
export function canonicalName(bare: string): string {
  return bare.replace(/^(?:__GI_)?_*(?:libc_)?(?=[A-Za-z])/, '');
}

/** Whether `pattern`, in which `*` stands for any characters, covers the whole text. Time: text times pattern, at most. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let textAt = 0;
  let star = -1;
  let starText = 0;
  while (textAt < text.length) {
    if (pattern[at] === '*') {
      star = at;
      starText = textAt;
      at += 1;
    } else if (pattern[at] === text[textAt]) {
      at += 1;
      textAt += 1;
    } else if (star >= 0) {
      at = star + 1;
      starText += 1;
      textAt = starText;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

/**
 * The last part of a qualified name: "zmq::signaler_t::wait" and "TaskGroup.wait" end in "wait".
 * py-spy prints qualified names of Python functions since 0.4.3, other tools plain ones.
 */
export function lastPart(name: string): string {
  const colons = name.lastIndexOf('::');
  const unscoped = colons < 0 ? name : name.slice(colons + 2);
  const dot = unscoped.lastIndexOf('.');
  return dot > 0 && dot < unscoped.length - 1 ? unscoped.slice(dot + 1) : unscoped;
}

/** "absl::lts_20240116::CondVar::Wait" ends in "CondVar::Wait": namespaces may hold versions, classes do not. */
export function lastTwoParts(name: string): string {
  const last = name.lastIndexOf('::');
  if (last <= 0) return name;
  const before = name.lastIndexOf('::', last - 1);
  return before < 0 ? name : name.slice(before + 2);
}
