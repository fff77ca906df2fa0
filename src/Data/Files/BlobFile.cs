using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Sources;
using Google.Protobuf;

namespace CaffeActors.Data.Files;

/// <summary>Files that hold one blob: a binary BlobProto, as mean images and infogain matrices are.</summary>
public static class BlobFile
{
    /// <summary>Reads a blob; no memory is taken before its shape and its number of values agree.</summary>
    /// <param name="what">What the file is to whoever names it, for errors: <c>infogain matrix</c>.</param>
    /// <param name="path">The file.</param>
    /// <param name="failure">Makes errors.</param>
    /// <exception cref="CaffeException">
    /// CFA1202: the path is empty; CFA1005: there is no such file or it cannot be read; CFA1502: it is no BlobProto, or
    /// its number of values is not its shape's.
    /// </exception>
    public static Blob Read(string what, string path, FailureFactory failure)
    {
        if (path.Length == 0)
            throw failure(ErrorCodes.BadLayerParameter, $"{what} is empty; it must name a file");
        try
        {
            using FileStream file = File.OpenRead(path);
            BlobProto proto = BlobProto.Parser.ParseFrom(file);
            // Values without a shape are a row of them.
            if (!proto.IsLegacy() && proto.Shape is null)
                proto.Shape = new BlobShape { Dim = { proto.StoredValues() } };
            var blob = new Blob();
            blob.FromProto(proto);
            return blob;
        }
        catch (InvalidProtocolBufferException cause)
        {
            throw failure(
                ErrorCodes.BadRecord, $"{what} '{path}' is no binary BlobProto: {cause.Message}", FailureKind.Data);
        }
        catch (CaffeException cause)
        {
            throw failure(ErrorCodes.BadRecord, $"{what} '{path}' is damaged: {cause.Message}", FailureKind.Data);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw failure(ErrorCodes.FileNotFound, $"{what} '{path}' cannot be read: {cause.Message}");
        }
    }
}
