/**
 * Top-level modules of the standard library of Python 2.7 to 3.14. py-spy shortens paths to the part inside a package, so that
 * "threading.py" and "multiprocessing/process.py" are all that tells the library from the user's code.
 * From `sys.stdlib_module_names` of 3.13, with the modules that other versions have besides.
 */
export const STDLIB_MODULES: ReadonlySet<string> = new Set(
  `
  BaseHTTPServer CGIHTTPServer ConfigParser Cookie HTMLParser Queue SimpleHTTPServer SimpleXMLRPCServer
  SocketServer StringIO Tkinter UserDict UserList UserString _aix_support _android_support _collections_abc
  _colorize _compat_pickle _compression _dummy_threading _markupbase _osx_support _py_abc _pydatetime _pydecimal
  _pyio _pyrepl _sitebuiltins _strptime _threading_local _weakrefset abc aifc annotationlib anydbm argparse array
  ast asynchat asyncio asyncore atexit audioop base64 bdb binascii binhex bisect builtins bz2 cPickle cProfile
  calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys commands compileall compression
  concurrent configparser contextlib contextvars cookielib copy copy_reg copyreg crypt csv ctypes curses
  dataclasses datetime dbm decimal difflib dis distutils doctest dummy_thread dummy_threading email encodings
  ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch formatter fractions ftplib functools gc
  genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html htmlentitydefs http httplib
  imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma
  macpath mailbox mailcap markupbase marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing mutex
  netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev parser pathlib pdb pickle
  pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile
  pyclbr pydoc pydoc_data pyexpat queue quopri random re readline repr reprlib resource rlcompleter robotparser
  runpy sched secrets select selectors sets shelve shlex shutil signal site smtpd smtplib sndhdr socket
  socketserver spwd sqlite3 sre sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct
  subprocess sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap
  thread threading time timeit tkMessageBox tkinter token tokenize tomllib trace traceback tracemalloc tty turtle
  types typing unicodedata unittest urllib urllib2 urlparse uu uuid venv warnings wave weakref webbrowser whichdb
  winreg winsound wsgiref xdrlib xml xmlrpc xmlrpclib zipapp zipfile zipimport zlib zoneinfo
`
    .split(/\s+/)
    .filter((name) => name !== ''),
);
