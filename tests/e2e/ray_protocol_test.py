"""Compares the protocol files in gcs/proto/ with the descriptors inside the installed Ray.

Ours hold a part of Ray's; what they hold must have the same names, numbers, types and enum values,
else the two sides would misread each other without an error.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

from google.protobuf import descriptor_pb2
from ray.core.generated import autoscaler_pb2, gcs_service_pb2  # noqa: F401  (they fill the pool)
from google.protobuf import descriptor_pool

PROTO = pathlib.Path(os.environ["RAYCTL_SOURCE_DIR"]) / "gcs" / "proto"


def our_files():
    with tempfile.NamedTemporaryFile() as out:
        files = sorted(path.name for path in PROTO.glob("*.proto"))
        subprocess.run(["protoc", f"--proto_path={PROTO}", f"--descriptor_set_out={out.name}", *files], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes()).file


def as_dict(field):
    return {"number": field.number, "type": field.type, "label": field.label, "type_name": field.type_name}


def rays(kind, name):
    found = descriptor_pb2.__dict__[kind]()
    pool = descriptor_pool.Default()
    look = {"DescriptorProto": pool.FindMessageTypeByName, "EnumDescriptorProto": pool.FindEnumTypeByName,
            "ServiceDescriptorProto": pool.FindServiceByName}[kind]
    look(name).CopyToProto(found)
    return found


class RayProtocol(unittest.TestCase):
    def setUp(self):
        self.files = our_files()

    def test_messages(self):
        compared = 0
        for file in self.files:
            for message in file.message_type:
                theirs = rays("DescriptorProto", f"{file.package}.{message.name}")
                nested = {each.name: each for each in theirs.nested_type}
                pairs = [(message, theirs)] + [(each, nested.get(each.name)) for each in message.nested_type]
                for mine, its in pairs:
                    fields = {field.name: as_dict(field) for field in its.field}
                    for field in mine.field:
                        with self.subTest(message=mine.name, field=field.name):
                            self.assertEqual(as_dict(field), fields.get(field.name))
                            compared += 1
        self.assertGreater(compared, 80)

    def test_enums(self):
        compared = 0
        for file in self.files:
            enums = [(enum.name, enum) for enum in file.enum_type]
            enums += [(f"{message.name}.{enum.name}", enum) for message in file.message_type
                      for enum in message.enum_type]
            for name, enum in enums:
                theirs = rays("EnumDescriptorProto", f"{file.package}.{name}")
                self.assertEqual({v.name: v.number for v in enum.value}, {v.name: v.number for v in theirs.value})
                compared += 1
        self.assertEqual(compared, 4)

    def test_calls(self):
        compared = 0
        for file in self.files:
            for service in file.service:
                theirs = rays("ServiceDescriptorProto", f"{file.package}.{service.name}")
                calls = {call.name: call for call in theirs.method}
                for call in service.method:
                    self.assertEqual(call, calls.get(call.name))
                    compared += 1
        self.assertEqual(compared, 8)


if __name__ == "__main__":
    unittest.main()
