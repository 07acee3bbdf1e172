"""An observer for tests: the official Python SDK of Nacos behind standard input and output.

It speaks the same lines as the Go one (parts/nacos-sdk/main.go says which): one JSON command a line, one JSON answer a
line, and an {"event":...} line for each push. It ends when its input ends. The password comes in NACOS_PASSWORD, so that
no process list shows it.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
import time

from v2.nacos import (
    BatchRegisterInstanceParam,
    ClientConfigBuilder,
    ConfigParam,
    DeregisterInstanceParam,
    ListInstanceParam,
    ListServiceParam,
    NacosConfigService,
    NacosNamingService,
    RegisterInstanceParam,
    SubscribeServiceParam,
)

# Above what a server accepts as one config.
MAX_LINE_BYTES = 32 << 20


class Sdk:
    """The two services of the SDK; each has a connection of its own and waits for its first use."""

    def __init__(self, config):
        self.config = config
        self.lock = asyncio.Lock()
        self.config_service = None
        self.naming_service = None
        self.listeners = {}
        self.subscriptions = {}

    async def configs(self):
        async with self.lock:
            if self.config_service is None:
                self.config_service = await NacosConfigService.create_config_service(self.config)
            return self.config_service

    async def naming(self):
        async with self.lock:
            if self.naming_service is None:
                self.naming_service = await NacosNamingService.create_naming_service(self.config)
            return self.naming_service

    async def publish(self, c):
        param = ConfigParam(
            group=c["group"], data_id=c["dataId"], content=c["content"], cas_md5=c.get("casMd5", "")
        )
        return await (await self.configs()).publish_config(param), {}

    async def get(self, c):
        param = ConfigParam(group=c["group"], data_id=c["dataId"])
        return True, {"content": await (await self.configs()).get_config(param)}

    async def remove(self, c):
        param = ConfigParam(group=c["group"], data_id=c["dataId"])
        return await (await self.configs()).remove_config(param), {}

    async def listen(self, c):
        async def on_change(_tenant, group, data_id, content):
            write({"event": "config", "group": group, "dataId": data_id, "content": content or ""})

        self.listeners[c["group"], c["dataId"]] = on_change
        await (await self.configs()).add_listener(c["dataId"], c["group"], on_change)
        return True, {}

    async def unlisten(self, c):
        listener = self.listeners.pop((c["group"], c["dataId"]))
        await (await self.configs()).remove_listener(c["dataId"], c["group"], listener)
        return True, {}

    async def register(self, c):
        return await (await self.naming()).register_instance(registration(c, c)), {}

    async def batch(self, c):
        param = BatchRegisterInstanceParam(
            service_name=c["service"],
            group_name=c["group"],
            instances=[registration(c, instance) for instance in c["instances"]],
        )
        return await (await self.naming()).batch_register_instances(param), {}

    async def deregister(self, c):
        param = DeregisterInstanceParam(
            service_name=c["service"],
            group_name=c["group"],
            ip=c["ip"],
            port=c["port"],
            cluster_name=c.get("clusterName", "DEFAULT"),
            ephemeral=not c.get("persistent", False),
        )
        return await (await self.naming()).deregister_instance(param), {}

    async def subscribe(self, c):
        async def on_hosts(hosts):
            told = time.time_ns()
            event = {"event": "hosts", "group": c["group"], "service": c["service"], "ns": told}
            write({**event, "hosts": [host_of(instance) for instance in hosts]})

        param = SubscribeServiceParam(service_name=c["service"], group_name=c["group"], subscribe_callback=on_hosts)
        self.subscriptions[c["group"], c["service"]] = param
        await (await self.naming()).subscribe(param)
        return True, {}

    async def unsubscribe(self, c):
        param = self.subscriptions.pop((c["group"], c["service"]))
        await (await self.naming()).unsubscribe(param)
        return True, {}

    async def instances(self, c):
        param = ListInstanceParam(
            service_name=c["service"], group_name=c["group"], subscribe=False, healthy_only=None
        )
        hosts = await (await self.naming()).list_instances(param)
        return True, {"hosts": [host_of(instance) for instance in hosts]}

    async def services(self, c):
        # Its default is the namespace "", in which the SDK itself registers nothing: it says "public" there.
        namespace_id = self.config.namespace_id or "public"
        param = ListServiceParam(
            namespace_id=namespace_id, group_name=c["group"], page_no=c["pageNo"], page_size=c["pageSize"]
        )
        found = await (await self.naming()).list_services(param)
        return True, {"services": list(found.services), "count": found.count}


def registration(service, instance):
    return RegisterInstanceParam(
        service_name=service["service"],
        group_name=service["group"],
        ip=instance["ip"],
        port=instance["port"],
        weight=instance.get("weight", 1),
        healthy=not instance.get("unhealthy", False),
        enabled=not instance.get("disabled", False),
        cluster_name=instance.get("clusterName", "DEFAULT"),
        metadata=instance.get("metadata", {}),
        ephemeral=not instance.get("persistent", False),
    )


def host_of(instance):
    fields = ("ip", "port", "weight", "healthy", "enabled", "clusterName", "metadata")
    return {field: getattr(instance, field) for field in fields}


def write(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def run(sdk, command):
    try:
        operation = getattr(sdk, command["op"])
        ok, result = await operation(command)
        write({"id": command["id"], "ok": True, **result} if ok else {"id": command["id"], "error": "the server refused"})
    except Exception as error:
        write({"id": command["id"], "error": f"{error}" or type(error).__name__})


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1", help="address of the Nacos server")
    parser.add_argument("--port", type=int, default=8848, help="its HTTP port; gRPC is at +1000")
    parser.add_argument("--namespace", default="", help="namespace id; empty is the public one")
    parser.add_argument("--username", default="nacos", help="user to log in as")
    parser.add_argument("--dir", required=True, help="folder of the SDK's log and cache")
    options = parser.parse_args()
    config = (
        ClientConfigBuilder()
        .server_address(f"{options.host}:{options.port}")
        .namespace_id(options.namespace)
        .username(options.username)
        .password(os.environ.get("NACOS_PASSWORD", ""))
        .log_level(logging.INFO)
        .log_dir(os.path.join(options.dir, "log"))
        .cache_dir(os.path.join(options.dir, "cache"))
        # An observer that answers from its disk would hide what the server lost.
        .load_cache_at_start(False)
        .build()
    )
    config.disable_use_config_cache = True
    config.update_cache_when_empty = True
    sdk = Sdk(config)
    lines = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    running = set()
    while line := await lines.readline():
        # Commands run beside each other so that a slow one holds up nothing.
        task = asyncio.create_task(run(sdk, json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)


if __name__ == "__main__":
    asyncio.run(main())
    # The SDK's own threads must not keep the process.
    os._exit(0)
