using CaffeActors.Data.Tools;

namespace CaffeActors.Cli.Commands;

/// <summary>Caffe's upgrade_net_proto_text.</summary>
[Verb("upgrade_net_proto_text", "Bring a net (prototxt) of 2013 or 2014 to today's form.",
    "caffeactors upgrade_net_proto_text old.prototxt net.prototxt")]
internal sealed class UpgradeNetProtoTextCommand() : UpgradeCommand("net", ProtoUpgrader.NetText);
