"""A small service of the kind that is named: answers "pong N" to /ping/N, and prints READY and its port."""

import os
import socket
import sys
import threading



def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ready(port):
    print("READY", port, flush=True)


def answer(path):
    return b"pong " + path.rsplit("/", 1)[-1].encode()


def handler(work=answer):
    from http.server import BaseHTTPRequestHandler

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = work(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    return Handler


def serve_http(work=answer, threading_server=True):
    from http.server import HTTPServer, ThreadingHTTPServer

    server = (ThreadingHTTPServer if threading_server else HTTPServer)(("127.0.0.1", 0), handler(work))
    ready(server.server_port)
    server.serve_forever()


def threads():
    serve_http()


def process_pool():
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(2)
    list(pool.map(answer, ["/1", "/2", "/3"]))
    serve_http(lambda path: pool.submit(answer, path).result())


def thread_pool():
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(4)
    serve_http(lambda path: pool.submit(answer, path).result())


def lock_shared():
    lock = threading.Lock()
    counts = {}

    def work(path):
        with lock:
            counts[path] = counts.get(path, 0) + 1
            return answer(path)

    serve_http(work)


def asyncio_streams():
    import asyncio

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        body = answer(head.split()[1].decode())
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        ready(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def aiohttp_server():
    from aiohttp import web

    async def ping(request):
        return web.Response(body=answer(request.path))

    app = web.Application()
    app.router.add_get("/ping/{number}", ping)
    port = free_port()

    async def started(_):
        ready(port)

    app.on_startup.append(started)
    web.run_app(app, host="127.0.0.1", port=port, print=None)


def flask_server():
    from flask import Flask

    app = Flask("pinger")
    app.add_url_rule("/ping/<number>", "ping", lambda number: answer(number))
    port = free_port()
    threading.Timer(1.0, ready, [port]).start()
    app.run("127.0.0.1", port)


def zmq_backed():
    import zmq

    context = zmq.Context.instance()
    backend = context.socket(zmq.REP)
    port = backend.bind_to_random_port("tcp://127.0.0.1")

    def loop():
        while True:
            backend.send(answer(backend.recv().decode()))

    threading.Thread(target=loop, name="backend", daemon=True).start()

    def work(path):
        with context.socket(zmq.REQ) as front:
            front.connect("tcp://127.0.0.1:%d" % port)
            front.send(path.encode())
            return front.recv()

    serve_http(work)


def gunicorn(*options):
    port = free_port()
    os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
    print("READY", port, flush=True)
    os.execvp(
        sys.executable,
        [sys.executable, "-m", "gunicorn", "-w", "2", "-b", "127.0.0.1:%d" % port, *options, "serve:application"],
    )


def application(environ, start_response):
    body = answer(environ["PATH_INFO"])
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


KINDS = {
    "http.server with threads": threads,
    "a process pool": process_pool,
    "a thread pool": thread_pool,
    "a lock that all requests take": lock_shared,
    "asyncio": asyncio_streams,
    "aiohttp": aiohttp_server,
    "flask": flask_server,
    "ZeroMQ": zmq_backed,
    "gunicorn": lambda: gunicorn(),
    "gunicorn with threads": lambda: gunicorn("-k", "gthread", "--threads", "4"),
}

if __name__ == "__main__":
    KINDS[sys.argv[1]]()
