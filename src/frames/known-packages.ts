/**
 * Packages from elsewhere whose frames are never the user's own code. Only needed for paths that a tool has shortened:
 * whole ones say "site-packages". Import names, the most installed ones of servers, clients, data and training.
 */
export const KNOWN_PACKAGES: ReadonlySet<string> = new Set(
  `
  absl accelerate adal aiobotocore aiofiles aiohttp aiokafka aiomysql aiopg aioredis airflow alembic amqp anyio apscheduler
  arq asgiref asyncpg attr attrs autobahn avro azure backoff bandit beartype billiard bokeh boto boto3 botocore bottle bs4
  cachetools cassandra celery certifi cffi channels chardet charset_normalizer cherrypy click cloudpickle colorlog confluent_kafka
  coverage cryptography cupy cv2 dagster daphne dask datadog dateutil dbt ddtrace debugpy decorator deepspeed diskcache distributed
  django dns docker dramatiq eventlet execnet fabric falcon fastapi fasteners filelock flask flask_sqlalchemy fsspec ftfy gevent
  geventwebsocket git google gql graphql greenlet grpc grpc_status gunicorn h11 h2 h5py hiredis horovod httpcore httplib2 httptools
  httpx huggingface_hub huey hypercorn hypothesis idna ipykernel IPython itsdangerous jax jaxlib jinja2 joblib jsonschema
  jupyter_client jupyter_core jupyter_server kafka kazoo kombu kubernetes langchain lightning lightning_fabric llvmlite locust loguru
  loky lxml markupsafe marshmallow matplotlib meinheld mlflow motor mpi4py msgpack multidict multiprocess mypy MySQLdb nbclient
  nbconvert networkx newrelic nltk nose numba numexpr numpy onnxruntime opencensus opentelemetry oracledb orjson paho pandas paramiko
  passlib peewee pexpect pika PIL pip pkg_resources playwright pluggy polars prefect prometheus_client prompt_toolkit proto psutil
  psycopg psycopg2 psycopg_pool ptpython pulsar py pyarrow pyasn1 pycparser pycurl pydantic pydantic_core pydevd _pydevd_bundle
  pyftpdlib pygments pymemcache pymongo pymssql pymysql pynvml pyodbc pytest _pytest pytest_asyncio pytest_timeout pytest_xdist xdist
  python_multipart pytorch_lightning pytz ray redis regex requests rich rpyc rq s3transfer sanic scipy scrapy selenium sentry_sdk
  setproctitle setuptools sglang simplejson six skimage sklearn smart_open snowflake socketio engineio sortedcontainers spacy sqlalchemy
  sqlmodel starlette statsmodels streamlit structlog supervisor suds tblib tenacity tensorboard tensorflow threadpoolctl tokenizers tomli
  toolz torch torchaudio torchdata torchtext torchvision tornado tqdm traitlets transformers trio trio_websocket triton twisted typeguard
  typer tzlocal urllib3 uvicorn uvloop vcr vine vllm waitress wandb watchdog watchfiles watchgod websocket websockets werkzeug win32com
  wrapt wsproto xarray xgboost xmlrpc yaml yarl zeep zict zmq zope
`
    .split(/\s+/)
    .filter((name) => name !== ''),
);
