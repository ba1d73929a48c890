"""A gRPC client that knows a server by reflection only: no generated code, no contract file."""

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

TIMEOUT = 20


class Refused(Exception):
    """A call that failed, with its code and the field violations of its details."""

    def __init__(self, error):
        super().__init__(f"{error.code().name}: {error.details()}")
        self.code = error.code().name
        self.message = error.details()
        self.violations = [(v.field, v.description) for v in violations(error)]


def violations(error):
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            yield from bad.field_violations


class Descriptors(ProtoReflectionDescriptorDatabase):
    """Asks `grpc.reflection.v1`, whose messages are those of the `v1alpha` that the library speaks."""

    def __init__(self, channel):
        super().__init__(channel)
        self._stub = self
        self.ServerReflectionInfo = channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )


class Address:
    """One address, and which services it says it has."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.database = Descriptors(self.channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)
        self.services = set(self.database.get_services())

    def health(self, service):
        check = health_pb2_grpc.HealthStub(self.channel).Check
        answer = check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT)
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


class Server:
    """The services at one or several addresses, by their full names."""

    def __init__(self, addresses, token):
        self.addresses = [Address(address) for address in dict.fromkeys(addresses)]
        self.pool = self.addresses[0].pool
        self.token = token

    def services(self):
        return set().union(*(address.services for address in self.addresses))

    def health(self, service):
        """Words such as SERVING. Health is not Tandem's contract but gRPC's own, which clients bring along."""
        return {address.health(service) for address in self.addresses}

    def message(self, name, **fields):
        """A message of this type."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))(**fields)

    def number(self, enum, value):
        return self.pool.FindEnumTypeByName(enum).values_by_name[value].number

    def call(self, method, token=None, **fields):
        """Calls `package.Service/Method`; the response. `token=""` calls without one."""
        stub, request = self._stub(method, "unary_unary")
        try:
            return stub(request(**fields), metadata=self._metadata(token), timeout=TIMEOUT)
        except grpc.RpcError as error:
            raise Refused(error) from None

    def stream(self, method, requests, token=None, timeout=60):
        """Opens a stream in both directions; `requests` yields messages."""
        stub, _ = self._stub(method, "stream_stream")
        return stub(requests, metadata=self._metadata(token), timeout=timeout)

    def _stub(self, method, kind):
        service, name = method.split("/")
        address = next(address for address in self.addresses if service in address.services)
        found = address.pool.FindServiceByName(service).FindMethodByName(name)
        request = message_factory.GetMessageClass(found.input_type)
        response = message_factory.GetMessageClass(found.output_type)
        stub = getattr(address.channel, kind)(
            "/" + method, request_serializer=request.SerializeToString, response_deserializer=response.FromString
        )
        return stub, request

    def _metadata(self, token):
        token = self.token if token is None else token
        return [("authorization", f"Bearer {token}")] if token else []
