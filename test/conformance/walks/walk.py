"""Walks through Docker's API with python3-docker and prints one line of JSON for every step: what it gave, or how it
failed. Run at two endpoints (DOCKER_HOST), the lines are compared."""

import io
import json
import re
import signal
import sys
import tarfile
import threading
import time

import docker
from docker import errors, types

IMAGE = "busybox:latest"
client = docker.from_env(timeout=60)
api = client.api
STEPS = []


def step(function):
    STEPS.append(function)
    return function


def refused(call, *args, **kwargs):
    """How a call fails that has to."""
    try:
        call(*args, **kwargs)
    except errors.APIError as error:
        return [error.response.status_code, str(error.explanation)]
    except errors.DockerException as error:
        return type(error).__name__
    return "not refused"


def eventually(read, wanted, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        value = read()
        if wanted(value) or time.monotonic() > deadline:
            return value
        time.sleep(0.1)


def keys(value):
    return sorted(value.keys())


def run(command, **kwargs):
    return client.containers.run(IMAGE, command, **kwargs)


def background(command="sleep 100", **kwargs):
    return run(command, detach=True, **kwargs)


# System


@step
def ping():
    return client.ping()


@step
def version():
    found = client.version()
    return [found["Os"], "ApiVersion" in found, "Components" in found, "MinAPIVersion" in found]


@step
def info():
    found = client.info()
    wanted = ["ID", "Containers", "Images", "Driver", "NCPU", "MemTotal", "Name", "ServerVersion", "Swarm", "Plugins"]
    return [key for key in wanted if key in found]


@step
def disk_usage():
    return [key for key in ["LayersSize", "Images", "Containers", "Volumes", "BuildCache"] if key in client.df()]


# Images


@step
def images_list():
    tags = sorted(tag for image in client.images.list() for tag in image.tags)
    one = client.images.list(name="busybox")
    return [tags, len(one), type(one[0].id).__name__, client.images.list(filters={"dangling": True}, name="busybox")]


@step
def images_quiet():
    return [type(found).__name__ for found in api.images("busybox", quiet=True)]


@step
def image_inspect():
    found = api.inspect_image(IMAGE)
    return [found["Os"], found["RootFS"]["Type"], len(found["RootFS"]["Layers"]), found["RepoTags"]]


@step
def image_history():
    return [keys(entry) for entry in client.images.get(IMAGE).history()]


@step
def image_tag_and_remove():
    image = client.images.get(IMAGE)
    done = image.tag("walked/image", "v1")
    tags = sorted(client.images.get("walked/image:v1").tags)
    client.images.remove("walked/image:v1")
    return [done, tags, refused(client.images.get, "walked/image:v1"), refused(client.images.remove, "nosuch:1")]


@step
def image_build():
    image, logs = client.images.build(
        fileobj=io.BytesIO(b"FROM busybox\nLABEL walked=yes\nRUN echo built > /data/b\nCMD cat /data/b\n"), tag="walked:b"
    )
    said = client.containers.run("walked:b", remove=True).decode()
    labels = image.labels
    streams = [entry for entry in logs if "stream" in entry]
    found = [len(i.tags) for i in client.images.list(filters={"label": "walked=yes"})]
    client.images.remove("walked:b")
    return [said, labels, len(streams) > 3, found]


@step
def image_build_fails():
    try:
        client.images.build(fileobj=io.BytesIO(b"FROM busybox\nRUN exit 3\n"), rm=True, forcerm=True)
    except errors.BuildError as error:
        return re.sub(r"[0-9a-f]{12}", "ID", error.msg)
    return "not refused"


@step
def image_build_context():
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, text in [("Dockerfile", b"FROM busybox AS one\nARG A=x\nCOPY f /f\nRUN echo $A >> /f\nFROM one\n"), ("f", b"f\n")]:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    context.seek(0)
    image, _ = client.images.build(
        fileobj=context, custom_context=True, buildargs={"A": "y"}, target="one", labels={"l": "m"}, nocache=True, tag="walked:c"
    )
    said = client.containers.run("walked:c", "cat /f", remove=True).decode()
    client.images.remove("walked:c")
    return [said, image.labels]


@step
def image_save_load():
    image = client.images.get(IMAGE)
    image.tag("saved", "1")
    data = b"".join(client.images.get("saved:1").save(named="saved:1"))
    names = sorted(name for name in tarfile.open(fileobj=io.BytesIO(data)).getnames() if name.endswith("manifest.json"))
    client.images.remove("saved:1")
    loaded = client.images.load(data)
    tags = ["saved:1" in found.tags for found in loaded]
    client.images.remove("saved:1")
    return [names, tags]


@step
def image_import():
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        member = tarfile.TarInfo("file")
        member.size = 2
        tar.addfile(member, io.BytesIO(b"hi"))
    answer = api.import_image_from_data(data.getvalue(), repository="walked/imported", tag="1")
    layers = len(api.inspect_image("walked/imported:1")["RootFS"]["Layers"])
    api.remove_image("walked/imported:1")
    return ["sha256" in answer, layers]


@step
def image_pull_fails():
    return type(refused(client.images.pull, "localhost:1/nosuch", tag="1")).__name__


@step
def image_prune():
    return keys(client.images.prune({"dangling": True}))


# Containers: client.containers


@step
def run_and_read():
    return run("echo hello world", remove=True).decode()


@step
def run_fails():
    try:
        run("sh -c 'echo bad >&2; exit 4'", remove=True)
    except errors.ContainerError as error:
        return [error.exit_status, error.stderr.decode()]
    return "not refused"


@step
def run_no_image():
    return refused(client.containers.run, "localhost:1/dockerpytest_does_not_exist", "true")


@step
def run_no_program():
    # The engine's own words about it differ by what runs its containers.
    return refused(run, "nosuchprogram", remove=True)[0]


@step
def run_streams():
    return list(b"".join(run("sh -c 'echo hello; echo world'", stream=True)).split())


@step
def run_with_volume():
    run("sh -c 'echo hello > /inside/test'", volumes=["walked-volume:/inside"], remove=True)
    return run("cat /inside/test", volumes=["walked-volume:/inside"], remove=True).decode()


@step
def run_with_network():
    network = client.networks.create("walked-net")
    found = background(network="walked-net", name="on-net")
    names = sorted(found.attrs["NetworkSettings"]["Networks"].keys())
    peer = run("ping -c 1 -W 2 on-net", network="walked-net", remove=True)
    found.remove(force=True)
    network.remove()
    return [names, b"1 packets received" in peer]


@step
def run_options():
    found = background(
        environment={"A": "b"},
        labels={"l": "m"},
        hostname="named",
        working_dir="/tmp",
        user="5",
        mem_limit="64m",
        ulimits=[types.Ulimit(name="nofile", soft=100, hard=200)],
        extra_hosts={"other": "10.9.9.9"},
        tmpfs={"/scratch": "size=1m"},
        cap_add=["NET_ADMIN"],
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 2},
        init=True,
        sysctls={"net.core.somaxconn": "256"},
        stop_signal="SIGKILL",
        log_config=types.LogConfig(type="json-file", config={"max-size": "1m"}),
    )
    config, host = found.attrs["Config"], found.attrs["HostConfig"]
    result = [
        "A=b" in config["Env"], config["Labels"], config["Hostname"], config["WorkingDir"], config["User"], host["Memory"],
        host["Ulimits"], host["ExtraHosts"], host["Tmpfs"], host["CapAdd"], host["RestartPolicy"], host["Init"],
        host["Sysctls"], config["StopSignal"], host["LogConfig"],
    ]
    found.remove(force=True)
    return result


@step
def containers_list_and_get():
    found = background(name="walked-one", labels={"walk": "1"})
    listed = [one.name for one in client.containers.list(filters={"label": "walk=1"})]
    sparse = [one.name for one in client.containers.list(sparse=True, filters={"label": "walk=1"})]
    again = client.containers.get(found.id)
    short = client.containers.get(found.short_id)
    raw = api.containers(filters={"label": "walk=1"})[0]
    result = [
        listed, len(sparse), again.name, short.name, again.status, again.image.tags, raw["Names"][0], raw["Image"], raw["State"],
        raw["Command"], sorted(set(raw.keys()) - {"Node", "Health"}),
    ]
    found.remove(force=True)
    return result + [refused(client.containers.get, "walked-one")]


@step
def container_states():
    found = background(name="walked-states")
    states = []

    def note(action):
        action()
        found.reload()
        states.append(found.status)

    note(found.pause)
    note(found.unpause)
    note(lambda: found.stop(timeout=0))
    note(found.start)
    note(lambda: found.restart(timeout=0))
    note(found.kill)
    code = found.wait()
    found.rename("walked-renamed")
    found.reload()
    name = found.name
    found.remove()
    return [states, code, name, refused(found.reload)]


@step
def container_conflicts():
    found = background(name="walked-conflict")
    status, message = refused(background, name="walked-conflict")
    removal = refused(found.remove)
    found.kill()
    killed = refused(found.kill)
    found.remove()
    return [status, re.sub(r"[0-9a-f]{64}", "ID", message), removal[0], killed[0]]


@step
def container_logs():
    # Which of two streams is written down first is chance: the last line is to be the same on both sides.
    found = background("sh -c 'echo three >&2; sleep 0.3; echo one; echo two'")
    found.wait()
    result = [
        sorted(found.logs().decode().split()), found.logs(stderr=False).decode(), found.logs(stdout=False).decode(),
        found.logs(stderr=False, tail=1).decode(), len(found.logs(timestamps=True).split()[0]) > 20,
        found.logs(since=int(time.time()) + 1000).decode(), sorted(b"".join(found.logs(stream=True)).split().__iter__())[0].decode(),
    ]
    found.remove()
    return result


@step
def container_logs_follow():
    found = background("sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done'")
    lines = b"".join(found.logs(stream=True, follow=True)).decode().split()
    found.remove(force=True)
    return lines


@step
def container_logs_tty():
    found = background("sh -c 'echo one; echo two'", tty=True)
    found.wait()
    said = found.logs().decode()
    found.remove()
    return said


@step
def container_attach():
    made = api.create_container(IMAGE, "sh -c 'echo attached; echo bad >&2'", host_config=api.create_host_config())
    stream = api.attach(made, stream=True, logs=True)
    api.start(made)
    said = sorted(b"".join(stream).decode().split())
    api.wait(made)
    # What an engine has written down of a container that has just ended may come a moment later.
    demuxed = eventually(lambda: api.attach(made, stdout=True, stderr=True, logs=True, demux=True), all)
    api.remove_container(made)
    return [said, sorted(str(part) for part in demuxed)]


@step
def container_attach_socket():
    made = api.create_container(IMAGE, "cat", stdin_open=True)
    api.start(made)
    socket = api.attach_socket(made, {"stdin": 1, "stdout": 1, "stream": 1})
    socket._sock.sendall(b"through\n")
    header = socket.read(8)
    body = socket.read(8)
    socket.close()
    api.remove_container(made, force=True)
    return [list(header), body.decode()]


@step
def container_exec():
    found = background()
    done = found.exec_run("sh -c 'echo out; echo err >&2; exit 3'")
    demuxed = found.exec_run("sh -c 'echo out; echo err >&2'", demux=True)
    env = found.exec_run("sh -c 'echo $A; pwd; id -u'", environment={"A": "b"}, workdir="/tmp", user="9")
    streamed = b"".join(found.exec_run("sh -c 'echo 1; echo 2'", stream=True).output)
    tty = found.exec_run("echo tty", tty=True)
    missing = found.exec_run("nosuchprogram")
    made = api.exec_create(found.id, "sleep 1", tty=True)
    api.exec_start(made, detach=True)
    resize = api.exec_resize(made, height=20, width=60)
    looked = api.exec_inspect(made)
    result = [
        done.exit_code, sorted(done.output.decode().split()), [part.decode() for part in demuxed.output], env.output.decode(),
        streamed.decode(), tty.output.decode(), missing.exit_code, resize, looked["Running"], looked["ProcessConfig"]["entrypoint"],
    ]
    found.stop(timeout=0)
    refusal = refused(found.exec_run, "true")
    found.remove()
    return result + [refusal[0], refused(api.exec_inspect, "nosuch")]


@step
def container_exec_socket():
    found = background()
    made = api.exec_create(found.id, "cat", stdin=True)
    socket = api.exec_start(made, socket=True)
    socket._sock.sendall(b"line\n")
    header, body = socket.read(8), socket.read(5)
    socket.close()
    found.remove(force=True)
    return [list(header), body.decode()]


def tar_of(name, text):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
    return data.getvalue()


@step
def container_archives():
    found = background()
    done = found.put_archive("/data", tar_of("f", b"inside"))
    chunks, stat = found.get_archive("/data/f")
    text = tarfile.open(fileobj=io.BytesIO(b"".join(chunks))).extractfile("f").read().decode()
    export = tarfile.open(fileobj=io.BytesIO(b"".join(found.export())))
    result = [
        done, stat["name"], stat["size"], text, "data/f" in export.getnames(), sorted(entry["Path"] for entry in found.diff()),
        refused(found.get_archive, "/nosuch")[0], refused(found.put_archive, "/nosuch", tar_of("f", b"x"))[0],
        refused(found.put_archive, "/data", b"not a tar")[0] in (400, 500),
    ]
    found.remove(force=True)
    return result


@step
def container_commit():
    found = background("sh -c 'echo kept > /data/k; sleep 100'")
    eventually(lambda: found.exec_run("cat /data/k").exit_code, lambda code: code == 0)
    image = found.commit("walked/commit", "1", message="why", author="who", changes=["ENV C=d"])
    attrs = api.inspect_image(image.id)
    said = client.containers.run(image.id, "cat /data/k", remove=True).decode()
    found.remove(force=True)
    client.images.remove("walked/commit:1")
    return [attrs["Comment"], attrs["Author"], "C=d" in attrs["Config"]["Env"], said]


@step
def container_top_stats():
    found = background()
    top = found.top()
    stats = found.stats(stream=False)
    streamed = next(found.stats(decode=True))
    result = [
        "CMD" in top["Titles"], len(top["Processes"]), sorted(set(["cpu_stats", "memory_stats", "read", "name"]) & set(stats)),
        stats["name"] == f"/{found.name}", "cpu_stats" in streamed,
    ]
    found.remove(force=True)
    return result


@step
def container_ports():
    found = background(ports={"80/tcp": 18085, "81/udp": None})
    found.reload()
    published = api.port(found.id, 80)
    result = [published[0]["HostPort"], sorted(found.ports.keys()), refused(api.port, found.id, 99) == "not refused"]
    found.remove(force=True)
    return result


@step
def container_update():
    found = background(mem_limit="50m")
    answer = found.update(mem_limit="60m", memswap_limit="120m", cpu_shares=512, restart_policy={"Name": "always"})
    found.reload()
    host = found.attrs["HostConfig"]
    result = [keys(answer), host["Memory"], host["CpuShares"], host["RestartPolicy"]["Name"]]
    found.remove(force=True)
    return result


@step
def container_wait_conditions():
    made = api.create_container(IMAGE, "sh -c 'sleep 0.3; exit 6'")
    results = []
    waiter = threading.Thread(target=lambda: results.append(api.wait(made, condition="next-exit")["StatusCode"]))
    waiter.start()
    time.sleep(0.3)
    api.start(made)
    waiter.join(20)
    results.append(api.wait(made)["StatusCode"])
    remover = threading.Thread(target=lambda: results.append(api.wait(made, condition="removed")["StatusCode"]))
    remover.start()
    time.sleep(0.3)
    api.remove_container(made)
    remover.join(20)
    return results + [refused(api.wait, made)[0], refused(api.wait, "x", condition="nosuch")[0]]


@step
def container_healthcheck():
    check = types.Healthcheck(test=["CMD-SHELL", "test -e /data/ok"], interval=200000000, retries=1)
    found = api.create_container(IMAGE, "sleep 100", healthcheck=check)
    api.start(found)

    def health():
        return api.inspect_container(found)["State"]["Health"]["Status"]

    first = eventually(health, lambda status: status == "unhealthy")
    done = api.exec_start(api.exec_create(found, "touch /data/ok"))
    second = eventually(health, lambda status: status == "healthy")
    api.remove_container(found, force=True)
    return [first, done.decode(), second]


@step
def container_links_and_volumes_from():
    one = background(name="walked-first", volumes=["/shared"])
    one.exec_run("sh -c 'echo s > /shared/s'")
    said = run("cat /shared/s", volumes_from=["walked-first"], remove=True).decode()
    linked = run("ping -c 1 -W 2 alias", links={"walked-first": "alias"}, remove=True)
    shared = run("ls /proc/1/exe", pid_mode="container:walked-first", remove=True).decode()
    network = run("hostname", network_mode="container:walked-first", remove=True).decode().strip()
    same = network == one.attrs["Config"]["Hostname"]
    one.remove(force=True, v=True)
    return [said, b"1 packets received" in linked, shared, same]


@step
def containers_filters():
    one = background(name="walked-f1", labels={"walk": "f", "n": "1"})
    two = background(name="walked-f2", labels={"walk": "f", "n": "2"})
    two.kill()
    two.wait()

    def names(**filters):
        return sorted(found.name for found in client.containers.list(all=True, filters={"label": "walk=f", **filters}))

    result = [
        names(), names(status="running"), names(status="exited"), names(exited="137"), names(name="walked-f1"), names(id=one.id),
        names(before="walked-f2"), names(since="walked-f1"), names(ancestor=IMAGE), names(volume="nosuch"), names(network="bridge"),
        [found.name for found in client.containers.list(all=True, limit=1)], [found.name for found in client.containers.list(filters={"label": ["walk=f", "n=1"]})],
        refused(names, status="nosuch"), refused(names, nosuch="x"),
    ]
    for found in (one, two):
        found.remove(force=True)
    return result


@step
def containers_prune():
    found = background("true", labels={"prune": "me"})
    found.wait()
    answer = client.containers.prune({"label": "prune=me"})
    return [len(answer["ContainersDeleted"]), type(answer["SpaceReclaimed"]).__name__]


@step
def create_host_config_shapes():
    config = api.create_host_config(
        binds={"/etc": {"bind": "/x", "mode": "ro"}}, port_bindings={1111: ("127.0.0.1", 18099)}, mounts=[types.Mount("/m", "walked-mount", type="volume")],
        network_mode="bridge", dns=["1.1.1.1"], dns_search=["x.test"], group_add=["7"], shm_size="1m", ipc_mode="private", oom_score_adj=10, pids_limit=50,
    )
    made = api.create_container(IMAGE, "cat /etc/resolv.conf", host_config=config, ports=[1111], volumes=["/x"])
    host = api.inspect_container(made)["HostConfig"]
    result = [host[key] for key in ("Binds", "PortBindings", "Dns", "DnsSearch", "GroupAdd", "ShmSize", "IpcMode", "OomScoreAdj", "PidsLimit")]
    mounts = sorted(mount["Destination"] for mount in api.inspect_container(made)["Mounts"])
    api.remove_container(made, v=True)
    api.remove_volume("walked-mount")
    return result + [mounts, made.get("Warnings")]


@step
def events_seen():
    since = int(time.time()) - 1
    found = background("true", name="walked-event")
    found.wait()
    found.remove()
    until = int(time.time()) + 1
    actions = [event["Action"] for event in client.events(since=since, until=until, decode=True, filters={"container": "walked-event", "type": "container"})]
    return actions


@step
def events_live():
    stream = client.events(decode=True, filters={"type": "container", "event": ["create", "destroy"], "label": "live=1"})
    timer = threading.Timer(0.5, lambda: background("true", labels={"live": "1"}).remove(force=True))
    timer.start()
    seen = [next(stream)["Action"], next(stream)["Action"]]
    stream.close()
    timer.join()
    return seen


# Networks


@step
def networks():
    made = client.networks.create("walked-n1", driver="bridge", labels={"a": "b"}, internal=True, attachable=True)
    found = api.inspect_network("walked-n1")
    listed = [one.name for one in client.networks.list(names=["walked-n1"])]
    by_label = [one.name for one in client.networks.list(filters={"label": "a=b"})]
    result = [found["Driver"], found["Internal"], found["Labels"], listed, by_label, made.name, len(client.networks.list(ids=[made.id]))]
    made.remove()
    return result + [refused(client.networks.get, "walked-n1")]


@step
def network_ipam():
    ipam = types.IPAMConfig(driver="default", pool_configs=[types.IPAMPool(subnet="10.78.0.0/16", gateway="10.78.0.1", iprange="10.78.1.0/24")])
    api.create_network("walked-n2", ipam=ipam)
    found = api.inspect_network("walked-n2")["IPAM"]
    config = found["Config"][0]
    made = api.create_container(
        IMAGE, "sleep 100", networking_config=api.create_networking_config({"walked-n2": api.create_endpoint_config(ipv4_address="10.78.1.7", aliases=["al"])}),
    )
    api.start(made)
    endpoint = api.inspect_container(made)["NetworkSettings"]["Networks"]["walked-n2"]
    api.remove_container(made, force=True)
    api.remove_network("walked-n2")
    return [found["Driver"], config["Subnet"], config["Gateway"], endpoint["IPAddress"], endpoint["IPPrefixLen"], "al" in endpoint["Aliases"]]


@step
def network_connect():
    network = client.networks.create("walked-n3")
    found = background(name="walked-connects")
    network.connect(found, aliases=["one", "two"])
    network.reload()
    inside = [one.name for one in network.containers]
    endpoint = client.containers.get(found.id).attrs["NetworkSettings"]["Networks"]["walked-n3"]
    again = refused(network.connect, found)
    busy = refused(network.remove)
    network.disconnect(found)
    network.reload()
    result = [inside, sorted(set(["one", "two"]) & set(endpoint["Aliases"])), again[0], busy[0], len(network.containers), refused(network.disconnect, found)[0]]
    found.remove(force=True)
    network.remove()
    return result


@step
def networks_prune():
    client.networks.create("walked-n4", labels={"prune": "n"})
    return client.networks.prune({"label": "prune=n"})


# Volumes


@step
def volumes():
    made = client.volumes.create("walked-v1", driver="local", labels={"a": "b"})
    again = client.volumes.create("walked-v1")
    listed = [one.name for one in client.volumes.list(filters={"label": "a=b"})]
    attrs = client.volumes.get("walked-v1").attrs
    result = [made.name, again.name, listed, attrs["Driver"], attrs["Scope"], attrs["Labels"], "Mountpoint" in attrs, "CreatedAt" in attrs]
    made.remove()
    anonymous = client.volumes.create()
    length = len(anonymous.name)
    anonymous.remove(force=True)
    return result + [length, refused(client.volumes.get, "walked-v1"), refused(made.remove), refused(client.volumes.create, "walked-v9", driver="nosuch")[0]]


@step
def volume_in_use():
    client.volumes.create("walked-v2")
    found = background(volumes={"walked-v2": {"bind": "/v", "mode": "rw"}})
    status = refused(client.volumes.get("walked-v2").remove)[0]
    mount = client.containers.get(found.id).attrs["Mounts"][0]
    found.remove(force=True)
    client.volumes.get("walked-v2").remove()
    return [status, mount["Type"], mount["Name"], mount["Destination"], mount["RW"]]


@step
def volumes_prune():
    return keys(client.volumes.prune({"label": "nosuch"}))


# Swarm


@step
def swarm():
    client.swarm.reload()
    attrs = client.swarm.attrs
    return [keys(attrs["JoinTokens"]), attrs["Spec"]["Name"], refused(client.swarm.init)[0], keys(attrs)]


@step
def swarm_update():
    client.swarm.update(task_history_retention_limit=4)
    client.swarm.reload()
    limit = client.swarm.attrs["Spec"]["Orchestration"]["TaskHistoryRetentionLimit"]
    client.swarm.update(task_history_retention_limit=5, rotate_worker_token=True)
    return limit


@step
def nodes():
    node = [one for one in client.nodes.list() if one.attrs.get("ManagerStatus", {}).get("Leader")][0]
    spec = {"Availability": "active", "Role": "manager", "Labels": {"walk": "1"}}
    node.update(spec)
    node.reload()
    labels = node.attrs["Spec"]["Labels"]
    node.update({**spec, "Labels": {}})
    return [labels, node.attrs["Status"]["State"], sorted(set(["ID", "Version", "Description", "Spec", "Status"]) & set(node.attrs)), refused(client.nodes.get, "nosuch")]


def running(service, count):
    return len(
        eventually(
            lambda: [task for task in service.tasks({"desired-state": "running"}) if task["Status"]["State"] == "running"],
            lambda tasks: len(tasks) == count,
            40,
        )
    )


def in_sequence(service, change):
    """Swarm's own loops write to a service too, between its reading and the change."""
    while True:
        service.reload()
        try:
            return change()
        except errors.APIError as error:
            if "update out of sequence" not in str(error.explanation):
                raise


@step
def services():
    made = client.services.create(
        IMAGE, command=["sleep", "100"], name="walked-s1", labels={"a": "b"}, container_labels={"c": "d"}, env=["E=f"],
        mode=types.ServiceMode("replicated", 2), resources=types.Resources(mem_limit=100000000), restart_policy=types.RestartPolicy("any", delay=1),
        update_config=types.UpdateConfig(parallelism=2, order="start-first"), stop_grace_period=1000000000,
    )
    count = running(made, 2)
    listed = [one.name for one in client.services.list(filters={"name": "walked-s1"})]
    spec = client.services.get("walked-s1").attrs["Spec"]
    in_sequence(made, lambda: made.scale(3))
    scaled = running(made, 3)
    in_sequence(made, lambda: made.update(labels={"new": "label"}, fetch_current_spec=True))
    made.reload()
    labels = made.attrs["Spec"]["Labels"]
    forced = in_sequence(made, made.force_update)
    spec_task = spec["TaskTemplate"]
    result = [
        count, listed, scaled, labels, forced is not None, spec["Labels"], spec_task["ContainerSpec"]["Labels"], spec_task["ContainerSpec"]["Env"],
        spec_task["Resources"], spec_task["RestartPolicy"], spec["UpdateConfig"], spec["Mode"],
        # Swarm replaces tasks when defaults are written back, and shows its status a moment later.
        [key for key in keys(made.attrs) if key != "UpdateStatus"],
    ]
    made.remove()
    return result + [refused(client.services.get, "walked-s1")]


@step
def service_version_conflict():
    made = client.services.create(IMAGE, command="sleep 100", name="walked-s2")
    version = made.version
    made.update(labels={"x": "y"}, fetch_current_spec=True)
    status, message = refused(api.update_service, made.id, version, task_template=made.attrs["Spec"]["TaskTemplate"], name="walked-s2")
    made.remove()
    return [status, message]


@step
def service_conflict_and_bad_input():
    made = client.services.create(IMAGE, command="sleep 100", name="walked-s3")
    results = [
        refused(client.services.create, IMAGE, name="walked-s3"),
        refused(client.services.create, IMAGE, name="bad name")[0],
        # 500 from the engine, 400 and 404 from Tutti.
        refused(client.services.create, IMAGE, name="walked-s4", networks=["nosuch"])[0] >= 400,
        refused(client.services.create, IMAGE, name="walked-s5", constraints=["not a constraint"])[0] >= 400,
        refused(client.services.get, "nosuch"),
    ]
    made.remove()
    return results


@step
def service_endpoint_and_networks():
    network = client.networks.create("walked-over", driver="overlay", scope="swarm", attachable=True)
    made = client.services.create(
        IMAGE, command="sleep 100", name="walked-s6", networks=["walked-over"],
        endpoint_spec=types.EndpointSpec(mode="vip", ports={18095: (80, "tcp")}),
    )
    running(made, 1)
    made.reload()
    endpoint = made.attrs["Endpoint"]
    reached = run("ping -c 1 -W 2 tasks.walked-s6", network="walked-over", remove=True)
    made.remove()
    removed = eventually(lambda: refused(network.remove), lambda answer: answer == "not refused")
    return [endpoint["Spec"], endpoint["Ports"], b"1 packets received" in reached, removed]


@step
def service_secrets_and_configs():
    secret = client.secrets.create(name="walked-secret", data=b"hidden", labels={"a": "b"})
    config = client.configs.create(name="walked-config", data=b"shown", labels={"c": "d"})
    shown = client.configs.get(config.id).attrs["Spec"]
    made = client.services.create(
        IMAGE, command=["sh", "-c", "cat /run/secrets/walked-secret /conf; echo; sleep 100"], name="walked-s7",
        secrets=[types.SecretReference(secret.id, "walked-secret")], configs=[types.ConfigReference(config.id, "walked-config", filename="/conf")],
    )
    said = eventually(lambda: b"".join(made.logs(stdout=True)).decode().strip(), lambda text: text != "")
    busy = [refused(secret.remove)[0], refused(config.remove)[0]]
    made.remove()
    listed = [[one.name for one in client.secrets.list(filters={"name": "walked-secret"})], [one.name for one in client.configs.list(filters={"label": "c=d"})]]
    gone = eventually(lambda: refused(secret.remove), lambda answer: answer == "not refused"), eventually(lambda: refused(config.remove), lambda answer: answer == "not refused")
    return [shown["Data"], shown["Labels"], said, busy, listed, gone, refused(client.secrets.get, "walked-secret"), refused(client.configs.get, "walked-config")]


@step
def service_modes():
    made = client.services.create(IMAGE, command="sleep 100", name="walked-s8", mode=types.ServiceMode("global"))
    eventually(lambda: made.tasks({"desired-state": "running"}), lambda tasks: tasks and all(task["Status"]["State"] == "running" for task in tasks), 40)
    made.reload()
    result = made.attrs["Spec"]["Mode"]
    scaled = refused(api.update_service, made.id, made.version, task_template=made.attrs["Spec"]["TaskTemplate"], name="walked-s8", mode=types.ServiceMode("replicated", 2))
    made.remove()
    return [result, scaled[0]]


@step
def tasks():
    made = client.services.create(IMAGE, command="sleep 100", name="walked-s9")
    running(made, 1)
    task = api.tasks({"service": "walked-s9", "desired-state": "running"})[0]
    again = api.inspect_task(task["ID"])
    result = [again["Status"]["State"], again["Slot"], keys(again["Status"]), again["Spec"]["ContainerSpec"]["Command"], refused(api.inspect_task, "nosuch"), refused(api.tasks, {"nosuch": "x"})]
    container = again["Status"]["ContainerStatus"]["ContainerID"]
    inside = client.containers.get(container).exec_run("echo in the task").output.decode()
    made.remove()
    return result + [inside]


def late(*_):
    raise TimeoutError("not ended in 30 s")


def main(only):
    signal.signal(signal.SIGALRM, late)
    for function in STEPS:
        name = function.__name__
        if only and name not in only:
            continue
        signal.alarm(30)
        try:
            line = {"step": name, "gave": function()}
        except Exception as error:  # every fault is a line of the comparison
            line = {"step": name, "failed": f"{type(error).__name__}: {error}"}
        signal.alarm(0)
        print(json.dumps(line, default=str), flush=True)


main(sys.argv[1:])
