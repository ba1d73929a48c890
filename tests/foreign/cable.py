"""A cable between a browser and a server that can be pulled out and put in again."""

import socket
import threading


class Cable:
    """Listens on a free port and passes everything on, unless it is pulled out."""

    def __init__(self, target):
        self.target = target
        self.whole = True
        self.ends = set()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def pull(self):
        """Cuts what goes through, and everything that comes."""
        with self.lock:
            self.whole = False
            for end in self.ends:
                hang_up(end)
            self.ends.clear()

    def mend(self):
        with self.lock:
            self.whole = True

    def _accept(self):
        while True:
            near, _ = self.listener.accept()
            with self.lock:
                if not self.whole:
                    near.close()
                    continue
                far = socket.create_connection(self.target)
                self.ends |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            hang_up(end)


def hang_up(end):
    """Ends a connection that may have ended already."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
