using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's upgrade_net_proto_binary.</summary>
[Verb("upgrade_net_proto_binary",
    "Bring a binary net, weights included (.caffemodel), of 2013 or 2014 to today's form.",
    "caffeactors upgrade_net_proto_binary old.caffemodel net.caffemodel")]
internal sealed class UpgradeNetProtoBinaryCommand() : UpgradeCommand("net", ProtoUpgrader.NetBinary);
