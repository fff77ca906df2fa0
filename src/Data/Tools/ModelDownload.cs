using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Files;

namespace CaffeActors.Data.Tools;

/// <summary>
/// Caffe's <c>download_model_binary.py</c>: gets the weights of a Model Zoo folder. They come into
/// <c>FILE.part</c>, which a later start goes on with where the server can; they get their name once their SHA-1 is
/// the card's, so the file of that name is whole.
/// </summary>
/// <param name="client">Makes the requests; its own timeout should be infinite.</param>
/// <param name="notice">Hears what goes on, one line each.</param>
public sealed class ModelDownload(HttpClient client, Action<string> notice)
{
    /// <summary>What the unfinished file's name ends with.</summary>
    public const string PartSuffix = ".part";

    /// <summary>How long the server may be silent. Default one minute.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Gets the weights; does nothing where they are there with the right hash.</summary>
    /// <param name="folder">A folder with a <c>readme.md</c>; see <see cref="ModelCard"/>.</param>
    /// <param name="cancellation">Stops; what came so far is kept.</param>
    /// <returns>The file.</returns>
    /// <exception cref="CaffeException">
    /// The card is at fault; CFA1501: the server does not give the file; CFA1502: what came has another hash;
    /// CFA1404: it cannot be written.
    /// </exception>
    public async Task<string> RunAsync(string folder, CancellationToken cancellation = default)
    {
        ModelCard card = ModelCard.Read(folder);
        string path = Path.Combine(folder, card.FileName), part = path + PartSuffix;
        if (File.Exists(path))
        {
            if (await HashAsync(path, cancellation) == card.Sha1)
            {
                notice($"'{path}' is there already, with the right SHA-1.");
                return path;
            }

            notice($"'{path}' has another SHA-1 than its readme says; it is downloaded anew.");
        }

        bool resumed = File.Exists(part) && new FileInfo(part).Length > 0;
        await FetchAsync(card, part, cancellation);
        string hash = await HashAsync(part, cancellation);
        if (hash != card.Sha1 && resumed)
        {
            notice("What was there of it does not fit what came now; it is downloaded from the beginning.");
            File.Delete(part);
            await FetchAsync(card, part, cancellation);
            hash = await HashAsync(part, cancellation);
        }

        if (hash != card.Sha1)
        {
            File.Delete(part);
            throw new CaffeException(ErrorCodes.BadRecord, FailureKind.Data,
                $"what {card.Url} gave has the SHA-1 {hash} where {card.Sha1} is right; it was removed. The address "
                + "may have moved: compare it with the model's page");
        }

        Publish(part, path);
        return path;
    }

    private async Task FetchAsync(ModelCard card, string part, CancellationToken cancellation)
    {
        long have = File.Exists(part) ? new FileInfo(part).Length : 0;
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, card.Url);
            if (have > 0)
                request.Headers.Range = new RangeHeaderValue(have, null);
            using HttpResponseMessage response = await client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                return;
            if (!response.IsSuccessStatusCode)
                throw Refused(card, $"{(int)response.StatusCode} {response.ReasonPhrase}");
            if (response.StatusCode != HttpStatusCode.PartialContent
                || response.Content.Headers.ContentRange?.From != have)
            {
                have = 0;
            }

            Tell(card, have, response.Content.Headers.ContentLength);
            await using Stream source = await response.Content.ReadAsStreamAsync(silence.Token);
            await using FileStream target = Open(part, have);
            await CopyAsync(source, target, silence);
        }
        catch (HttpRequestException exception)
        {
            throw Refused(card, exception.Message, exception);
        }
        catch (IOException exception)
        {
            throw Refused(card, $"{exception.Message} (what came so far is kept: run it again)", exception);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw Refused(card, string.Create(CultureInfo.InvariantCulture,
                $"nothing came for {Patience.TotalSeconds} s (what came so far is kept: run it again)"), exception);
        }
    }

    private async Task CopyAsync(Stream source, FileStream target, CancellationTokenSource silence)
    {
        byte[] buffer = new byte[1 << 16];
        while (true)
        {
            silence.CancelAfter(Patience);
            int count = await source.ReadAsync(buffer, silence.Token);
            if (count == 0)
                break;
            try
            {
                await target.WriteAsync(buffer.AsMemory(0, count), silence.Token);
            }
            catch (IOException exception)
            {
                throw AtomicFile.Failure(target.Name, exception);
            }
        }

        target.Flush(flushToDisk: true);
    }

    private void Tell(ModelCard card, long have, long? length)
    {
        string size = length is { } rest
            ? string.Create(CultureInfo.InvariantCulture, $", {(have + rest) / 1e6:f1} MB")
            : "";
        string from = have > 0 ? string.Create(CultureInfo.InvariantCulture, $", going on at {have / 1e6:f1} MB") : "";
        string license = card.License.Length > 0 ? $" (license: {card.License})" : "";
        notice($"Downloading {card.Name}{license} from {card.Url}{size}{from}");
    }

    private static FileStream Open(string part, long have)
    {
        try
        {
            var file = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
            file.SetLength(have);
            file.Seek(have, SeekOrigin.Begin);
            return file;
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw AtomicFile.Failure(part, exception);
        }
    }

    private static void Publish(string part, string path)
    {
        try
        {
            File.Move(part, path, overwrite: true);
            DirectoryFlush.Run(AtomicFile.DirectoryOf(path));
        }
        catch (Exception exception) when (AtomicFile.IsFileFailure(exception))
        {
            throw AtomicFile.Failure(path, exception);
        }
    }

    [SuppressMessage("Security", "CA5350", Justification = "SHA-1 is what the Model Zoo's readmes have.")]
    private static async Task<string> HashAsync(string path, CancellationToken cancellation)
    {
        await using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA1.HashDataAsync(file, cancellation));
    }

    private static CaffeException Refused(ModelCard card, string why, Exception? inner = null) =>
        new(ErrorCodes.SourceUnreadable, FailureKind.Data, $"{card.Url} does not give '{card.FileName}': {why}", null,
            inner);
}
