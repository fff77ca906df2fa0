using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace CaffeActors.Compute.Tests.Prototxt;

/// <summary>The protoc that comes with Grpc.Tools: what text format is measured by.</summary>
internal static class Protoc
{
    private static readonly string _program = Path.Combine(Metadata("GrpcTools"), Platform(), "protoc");

    /// <summary>Text to bytes.</summary>
    /// <returns>The bytes, or null and what protoc says where it refuses.</returns>
    public static (byte[]? Bytes, string Errors) Encode(string messageName, string text) =>
        Run($"--encode=caffe.{messageName}", new System.Text.UTF8Encoding(false).GetBytes(text));

    /// <summary>Bytes to text.</summary>
    public static string Decode(string messageName, byte[] bytes)
    {
        (byte[]? text, string errors) = Run($"--decode=caffe.{messageName}", bytes);
        return text is null ? throw new InvalidDataException(errors) : System.Text.Encoding.UTF8.GetString(text);
    }

    private static (byte[]? Output, string Errors) Run(string mode, byte[] input)
    {
        var start = new ProcessStartInfo(_program, [$"--proto_path={Metadata("ProtoFolder")}", mode, "caffe.proto"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        var output = new MemoryStream();
        Task copied = process.StandardOutput.BaseStream.CopyToAsync(output);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using (Stream standardInput = process.StandardInput.BaseStream)
            standardInput.Write(input);
        process.WaitForExit();
        copied.GetAwaiter().GetResult();
        return (process.ExitCode == 0 ? output.ToArray() : null, errors.GetAwaiter().GetResult());
    }

    private static string Metadata(string key) =>
        typeof(Protoc).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == key).Value!;

    private static string Platform()
    {
        if (OperatingSystem.IsWindows())
            return "windows_x64";
        if (OperatingSystem.IsMacOS())
            return "macosx_universal";
        return RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux_arm64" : "linux_x64";
    }
}
