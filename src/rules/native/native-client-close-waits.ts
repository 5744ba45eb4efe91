import { defineRule, type RuleSignature } from '../rule.ts';

const KAFKA =
  'c:{rd_kafka_destroy, rd_kafka_destroy_flags, rd_kafka_destroy_app, rd_kafka_destroy_internal, rd_kafka_consumer_close, rd_kafka_unsubscribe, rd_kafka_terminate, rd_kafka_wait_destroyed}!';
const OTHERS =
  'c:{rd_kafka_flush, pulsar_client_close, pulsar::Client::close, pulsar::Client::shutdown, mysql_close, mysql_library_end, curl_multi_cleanup, curl_easy_cleanup, curl_global_cleanup, cass_session_close, cass_session_free, OCISessionEnd, OCIServerDetach, OCISessionPoolDestroy, dpiPool_close, dpiConn_close, mongoc_client_pool_destroy, mongoc_client_destroy, natsConnection_Destroy, natsConnection_Close, aerospike_close, lcb_destroy, SQLDisconnect}!';
const IN_KAFKA = 'c:{*}@librdkafka*!';
const IN_CLIENT = 'c:#native-client!';
const WAIT = 'c:{#thread-join, #condition-wait, #futex}$';
const PULSAR = 'py:{close, shutdown}@pulsar/__init__.py$';
const PYTHON_CLIENT = ['kafka/', 'cassandra/', 'grpc/', 'pulsar/', 'influxdb_client/', 'pymongo/'].map(
  (place) => `py:{close, flush, shutdown, stop}@${place}!`,
);
const CLOSE = 'py:#client-close!';
const GRPC = 'c:{grpc_shutdown_blocking, grpc_shutdown}!';

const NOTES = {
  [KAFKA]: 'ends the client and waits for its threads and for what refers to it',
  [OTHERS]: 'closes or empties the client',
  [CLOSE]: 'closes a client',
  [IN_KAFKA]: 'librdkafka',
  [IN_CLIENT]: 'the client library',
  [WAIT]: 'the wait itself',
  'c:#thread-join!$': 'waits for a thread of the client to end',
};

export default defineRule({
  id: 'native-client-close-waits',
  cause: 'unclosed-resource-at-exit',
  library: undefined,
  title: 'closing a native client waits for its threads or for something still open',
  summary:
    'A client library written in C (of Kafka, Pulsar, a database) is being closed. It ends its own threads and waits for them, and for every object that still refers to it. One of them is still in use, or a thread of the client waits itself: for the broker, for a callback into Python, for an answer.',
  explanation:
    'Closing such a client is not only a call: it leaves groups, flushes messages, waits until references to topics, queues and events are gone, and joins threads. A message or event that was never freed, a producer with messages for a broker that is away, a callback that needs the GIL or a close from inside a callback keeps it waiting, without a limit. It shows at the end of a program or in a destructor, on the days when the broker is slow.',
  signatures: [
    { find: `${KAFKA} -> ${WAIT}`, confidence: 'likely', notes: NOTES },
    { find: `${OTHERS} -> ${WAIT}`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: `${IN_KAFKA} -> c:#thread-join!$`, confidence: 'likely', notes: NOTES },
    { find: `${IN_CLIENT} -> c:#thread-join!$`, confidence: 'likely', notes: NOTES },
    { find: `${CLOSE} -> py:{#thread-join, #condition-wait, #lock-wait}$`, confidence: 'possible', notes: NOTES },
    { find: `${CLOSE} -> c:#thread-join$`, confidence: 'possible', notes: NOTES },
    { find: PULSAR, confidence: 'possible', stuck: 'likely', notes: { [PULSAR]: 'closes the client' } },
    ...PYTHON_CLIENT.map(
      (close): RuleSignature => ({
        find: `${close} -> py:{join, wait, acquire, _wait_for_tstate_lock}@threading.py$`,
        confidence: 'possible',
        notes: { [close]: 'closes or empties the client' },
      }),
    ),
    { find: `!c:#fork -> ${GRPC} -> c:#thread-join!$`, confidence: 'possible', stuck: 'likely', notes: {} },
  ],
  needs: [
    'the C frames of all threads: gdb -p PID -batch -ex "thread apply all bt"',
    'what the client says: switch its debug log on',
  ],
  notWhen: [
    'poll() or consume() waits for messages: that is a consumer at rest',
    'a flush with a limit of time: it returns by itself',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'See in the threads of the client what it waits for (a broker, a callback, the GIL). Then end the process; messages that were not acknowledged are lost.',
      command: "gdb -p PID -batch -ex 'thread apply all bt' > gdb.txt",
    },
    {
      kind: 'fix',
      step: 'Close in order: stop consuming, drop messages and events, flush with a limit of time, then close, once, from the thread that uses the client and never from a callback.',
    },
    {
      kind: 'prevent',
      step: 'Set limits: flush(timeout), message.timeout.ms, session timeouts, connect and read timeouts of drivers. Do not leave closing to destructors.',
    },
    { kind: 'verify', step: 'Close returns within seconds also when the server is not reachable: test it so.' },
  ],
  references: [
    {
      title: 'confluentinc/confluent-kafka-python#1573',
      url: 'https://github.com/confluentinc/confluent-kafka-python/issues/1573',
      establishes: 'close() of a consumer waits in thrd_join for a thread of librdkafka',
    },
    {
      title: 'confluentinc/librdkafka#1376',
      url: 'https://github.com/confluentinc/librdkafka/issues/1376',
      establishes: 'rd_kafka_destroy() joins a thread that does not end, now and then, in 0.9.5',
    },
    {
      title: 'librdkafka: introduction, termination',
      url: 'https://github.com/confluentinc/librdkafka/blob/master/INTRODUCTION.md',
      establishes: 'destroying a client blocks while objects that refer to it are not destroyed',
    },
  ],
});
