import { defineRule } from '../rule.ts';

const NOT_LOOP = '!py:_run@asyncio/events.py';

const CONNECTS = 'py:{connect, _connect, do_connect, create_connection, open_connection, reconnect, connect_socket}$';

const NOTES = {
  [CONNECTS]: 'connects',
  'py:#client-request!': 'waits for the answer of a request',
  'py:#client-answer!': 'waits for the answer of a request',
  'c:#client-request!': 'waits for the answer of a request',
  'py:do_handshake@OpenSSL/SSL.py!': 'waits for the other side to answer the TLS handshake',
  'py:do_handshake@ssl.py!$': 'waits for the other side to answer the TLS handshake',
  'c:{SSL_do_handshake, SSL_connect, ssl23_connect, ssl3_connect, PySSL_SSLdo_handshake, _ssl__SSLSocket_do_handshake*}!':
    'waits for the other side to answer the TLS handshake',
  'c:#tls!': 'reads from a TLS connection',
  'py:create_connection@socket.py!': 'connects',
  'c:#dns!': 'waits for a name server',
};

export default defineRule({
  id: 'read-without-timeout',
  cause: 'network-no-timeout',
  library: undefined,
  title: 'a network call waits for an answer without a timeout',
  summary:
    'The thread asked something of another machine and waits for the answer. None comes: the peer is silent, or the connection is dead and nobody told this side. Without a timeout it waits for ever.',
  explanation:
    'Sockets of Python have no timeout unless one is set, and neither has requests. A load balancer or firewall that drops an idle connection tells neither end; a peer that crashed or hangs does not answer. The kernel notices a dead peer only when data is to be sent, or with keepalive after two hours.',
  signatures: [
    // A slow answer looks the same, at two moments as well: no more than a possibility, however often it is seen.
    { find: `${NOT_LOOP} -> py:#client-request! -> py:{#read, #client-read}$`, confidence: 'possible', notes: NOTES },
    { find: `${NOT_LOOP} -> py:#client-request! -> c:{#read, #poll}$`, confidence: 'possible', notes: NOTES },
    { find: `${NOT_LOOP} -> py:#client-answer! -> py:#condition-wait`, confidence: 'possible', notes: NOTES },
    { find: `${NOT_LOOP} -> py:#client-request!$`, confidence: 'possible', notes: NOTES },
    { find: 'c:#client-request! -> c:{#read, #poll}$', confidence: 'possible', notes: NOTES },
    { find: 'c:#tls! -> c:#read$', confidence: 'possible', notes: NOTES },
    // These take milliseconds where the other side is well.
    {
      find: `${NOT_LOOP} -> !py:{accept, get_request} -> py:do_handshake@ssl.py!$`,
      confidence: 'likely',
      notes: NOTES,
    },
    {
      find: 'c:{SSL_do_handshake, SSL_connect, ssl23_connect, ssl3_connect, PySSL_SSLdo_handshake, _ssl__SSLSocket_do_handshake*}! -> c:#read$',
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: `${NOT_LOOP} -> py:do_handshake@OpenSSL/SSL.py!`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `${NOT_LOOP} -> py:create_connection@socket.py! -> c:connect$`, confidence: 'likely', notes: NOTES },
    {
      find: `${NOT_LOOP} -> py:create_connection@socket.py!$`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: 'c:connect$', confidence: 'possible', stuck: 'likely' },
    { find: 'c:{internal_connect, sock_connect}! -> c:#poll$', confidence: 'possible', stuck: 'likely' },
    // Drivers connect in C below a Python function of that name.
    { find: `${NOT_LOOP} -> ${CONNECTS}`, confidence: 'possible', notes: NOTES },
    { find: `${NOT_LOOP} -> py:getaddrinfo@socket.py!$`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: 'c:#dns! -> c:{#poll, #read}$', confidence: 'possible', stuck: 'likely', notes: NOTES },
  ],
  needs: [
    'the Python frames: py-spy dump --pid PID',
    'that there is no timeout: gdb shows recv() itself; with a timeout Python waits in poll() first',
  ],
  notWhen: [
    'a server waits for the next request of a client, or a subscriber for the next message: a plain recv() alone does not tell',
    'the wait is poll() with a timeout: it ends by itself',
    'the other side is only slow: the same stack at two moments does not exclude that',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See who is on the other end; closing the connection there ends the wait.',
      command: "ss -tnpo | grep 'pid=PID,'",
    },
    {
      kind: 'fix',
      step: 'Give the call a timeout: requests.get(url, timeout=(3, 30)), socket.settimeout(30), the read timeout of the driver.',
    },
    {
      kind: 'prevent',
      step: 'socket.setdefaulttimeout(60) at the start catches what was forgotten; TCP keepalive below the idle timeout of load balancers keeps pooled connections alive.',
    },
    {
      kind: 'verify',
      step: 'Against a server that accepts and is silent the call fails after its timeout.',
      command: 'nc -lk 127.0.0.1 9999',
    },
  ],
  references: [
    {
      title: 'apache/airflow#10636',
      url: 'https://github.com/apache/airflow/issues/10636',
      establishes: 'a request to Kubernetes, with a read timeout of None, held the scheduler for a quarter of an hour',
    },
    {
      title: 'Azure/AKS#1052',
      url: 'https://github.com/Azure/AKS/issues/1052',
      establishes:
        'a load balancer drops idle connections without a word, and pooled connections of a client then wait until the kernel gives up',
    },
    {
      title: 'requests: timeouts',
      url: 'https://requests.readthedocs.io/en/latest/user/advanced/#timeouts',
      establishes: 'without a timeout the code may hang for minutes or more',
    },
  ],
});
